/**
 * How calls cross: a usual request is read in JavaScript and crosses with others, any other is read by Rust. Both must be
 * the same to whoever calls. A call with options is always read by Rust, which is what the first is compared with.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { describe, expect, onTestFinished, test } from 'vitest';

import { chain, engineFor, fallcast, inShort, listen, matches, predictions, quiet, rejection, transcript, upstreamFor } from './support.mjs';

/** An engine that knows nobody, which has been called before: so it gathers what is usual. */
async function ready(engine) {
  await rejection(engine.predictWithFallback({ modelId: 'nobody', matches: matches() }));
  return engine;
}

/** Runs a program against an upstream in a process of its own; `engine` and `request` are at hand. */
async function run(program, manner = 'clean') {
  const upstream = await upstreamFor(manner);
  const prelude = `const { fallcast, engine: make, request } = await import('./programs/engine.mjs'); const engine = make();`;
  const options = { cwd: fileURLToPath(new URL('.', import.meta.url)), env: { ...process.env, UPSTREAM: upstream.baseUrl } };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${prelude}\n${program}`], options);
  onTestFinished(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
  const [code] = await once(child, 'close');
  return { code, output: output.trim() };
}

describe('a request is read as Rust reads it', () => {
  /** Records every access to an object and to whatever is read from it, and throws at the one with that number. */
  function watched(value, log, throwAt, path = 'request') {
    if (typeof value !== 'object' || value === null || types.isProxy(value)) return value;
    if (Array.isArray(value)) {
      // A proxy of an array is no array, so its elements are read by getters.
      const list = [];
      value.forEach((element, index) => Object.defineProperty(list, index, {
        enumerable: true,
        get: () => note(log, throwAt, `${path}[${index}]`) && watched(element, log, throwAt, `${path}[${index}]`),
      }));
      return list;
    }
    return new Proxy(value, {
      get: (target, key) => note(log, throwAt, `${path}.${String(key)}`) && watched(target[key], log, throwAt, `${path}.${String(key)}`),
      has: (target, key) => note(log, throwAt, `has ${path}.${String(key)}`) && key in target,
      ownKeys: (target) => note(log, throwAt, `keys of ${path}`) && Reflect.ownKeys(target),
      getOwnPropertyDescriptor: (target, key) => note(log, throwAt, `own ${path}.${String(key)}`) && Reflect.getOwnPropertyDescriptor(target, key),
      getPrototypeOf: (target) => note(log, throwAt, `prototype of ${path}`) && Reflect.getPrototypeOf(target),
    });
  }
  function note(log, throwAt, access) {
    log.push(access);
    if (log.length === throwAt) throw new Error(`thrown at ${access}`);
    return true;
  }

  /** What is seen of a call: every access, and how it ended. */
  async function seen(engine, request, options, throwAt) {
    const log = [];
    const error = await rejection(engine.predictWithFallback(watched(request, log, throwAt), options));
    const { message, code, cause } = error;
    return { log, message, code, cause: cause?.message, keys: Object.keys(error) };
  }

  async function same(engine, request, throwAt = 0) {
    const [gathered, exact] = [await seen(engine, request, undefined, throwAt), await seen(engine, request, {}, throwAt)];
    expect(gathered).toEqual(exact);
    return gathered;
  }

  class Game {
    constructor(fields) { Object.assign(this, fields); }
  }
  const game = (fields) => ({ ...matches()[0], ...fields });
  const usual = { modelId: 'nobody', matches: matches(2), prompt: null, promptVersion: '1' };
  const half = '\ud800';
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  };

  test.each([
    ['null', null], ['a text', 'x'], ['a list', []], ['a function', () => {}], ['nothing in it', {}], ['a symbol', Symbol('x')],
    ['a revoked proxy', revoked()], ['a proxy of a list', new Proxy([], {})],
    ['no model', { ...usual, modelId: undefined }], ['a number for a model', { ...usual, modelId: 5 }],
    ['a String for a model', { ...usual, modelId: new String('a') }], ['an empty model', { ...usual, modelId: '' }],
    ['half a pair in a model', { ...usual, modelId: half }], ['a long model', { ...usual, modelId: 'x'.repeat(70_000) }],
    ['matches that are none', { ...usual, matches: { length: 1, 0: game() } }], ['no matches', { ...usual, matches: [] }],
    ['too many matches', { ...usual, matches: matches(101) }], ['a hole among matches', { ...usual, matches: [game(), , game({ id: 'x' })] }],
    ['a revoked proxy for matches', { ...usual, matches: revoked() }],
    ['a list for a match', { ...usual, matches: [game(), []] }], ['null for a match', { ...usual, matches: [null, game()] }],
    ['an id that is none', { ...usual, matches: [game(), game({ id: 7 })] }], ['the same id twice', { ...usual, matches: [game(), game()] }],
    ['half a pair in an id', { ...usual, matches: [game({ id: half }), game({ id: `${half}x` })] }],
    ['half a pair in a team', { ...usual, matches: [game({ homeTeam: half, awayTeam: '\udc00' })] }],
    ['pairs that meet', { ...usual, matches: [game({ homeTeam: `x${half}`, awayTeam: '\udc00x' })] }],
    ['no team', { ...usual, matches: [game({ awayTeam: undefined })] }], ['a competition that is none', { ...usual, matches: [game({ competition: 1n })] }],
    ['a kickoff that is none', { ...usual, matches: [game({ kickoff: new Date(0) }), game({ id: null })] }],
    ['a kickoff that is no time', { ...usual, matches: [game({ kickoff: 'soon' })] }],
    ['an analysis that is none', { ...usual, matches: [game({ analysis: { toJSON: () => 'x', toString: () => 'x' } })] }],
    ['an instance of a class', { ...usual, matches: [new Game(game())] }], ['fields of a prototype', Object.create(usual)],
    ['a prompt', { ...usual, prompt: { user: 'x' } }], ['a prompt that is none', { ...usual, prompt: 'x' }],
    ['a version that is none', { ...usual, promptVersion: 1 }], ['a version that there is not', { ...usual, promptVersion: 'none' }],
    ['half a pair in a version', { ...usual, promptVersion: half, modelId: half }], ['more than it may have', { ...usual, more: 1 }],
    ['texts of other scripts', { ...usual, matches: [game({ id: '鹿島 🏆', homeTeam: 'Köln', awayTeam: '–' })] }],
    ['too much text', { ...usual, matches: matches(40).map((one) => ({ ...one, analysis: 'x'.repeat(30_000) })) }],
  ])('%s', async (_, request) => {
    await same(await ready(quiet()), request);
  });

  test('whatever access throws', async () => {
    const engine = await ready(quiet());
    const { log } = await same(engine, usual);
    expect(log.length).toBe(18);
    for (let at = 1; at <= log.length; at += 1) {
      const { code, cause } = await same(engine, usual, at);
      expect({ code, cause }).toEqual({ code: 'INVALID_REQUEST', cause: `thrown at ${log[at - 1]}` });
    }
  });

  test('whatever is wrong at whatever place, and whatever throws then', async () => {
    const engine = await ready(quiet());
    const wrong = [undefined, null, 7, '', half, 'x', [], {}, () => {}];
    const fields = ['id', 'homeTeam', 'awayTeam', 'competition', 'kickoff', 'analysis'];
    let state = 1;
    const random = (below) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round += 1) {
      const request = { ...usual, matches: matches(1 + random(3)) };
      for (let times = random(3); times >= 0; times -= 1) {
        const what = wrong[random(wrong.length)];
        const place = random(10);
        if (place < 6) request.matches[random(request.matches.length)][fields[place]] = what;
        else if (place === 6) request.matches[random(request.matches.length)] = game({ id: what });
        else request[['modelId', 'matches', 'promptVersion'][place - 7]] = what;
        if (!Array.isArray(request.matches) || request.matches.length === 0) break;
      }
      await same(engine, request, random(3) === 0 ? 1 + random(18) : 0);
    }
  });

  test('a getter may call as well', async () => {
    const { engine } = await transcript({ a: 'clean' });
    const inner = [];
    const ask = (id) => engine.predictWithFallback({
      get modelId() {
        if (id === 'm1') inner.push(ask('m2'));
        return 'a';
      },
      matches: [{ ...matches()[0], get id() { return id; } }],
    });
    await ask('m0');
    const outer = await ask('m1');
    expect(outer.predictions).toEqual(predictions(['m1'], 'a'));
    expect((await inner[0]).predictions).toEqual(predictions(['m2'], 'a'));
  });
});

describe('what is gathered', () => {
  test('comes before whatever is asked for after it', async () => {
    const { engine, upstream } = await transcript({ a: 'clean', b: 'clean' });
    const ask = (modelId = 'a') => engine.predictWithFallback({ modelId, matches: matches() });
    await ask();
    const early = ask();
    engine.updateCatalog({ models: [{ id: 'a', provider: 'p', upstreamModel: 'other', promptUsdPer1M: 1, completionUsdPer1M: 2 }] });
    const late = ask();
    await Promise.all([early, late]);
    expect(upstream.requests.map(({ model }) => model).sort()).toEqual(['a', 'a', 'other']);
    const last = ask('b');
    const closed = engine.close();
    const after = ask('b');
    const [one, other] = await Promise.all([rejection(last), rejection(after)]);
    await closed;
    expect([one.code, other.code]).toEqual(['CLOSED', 'CLOSED']);
    expect([Array.isArray(one.attempts), other.callId]).toEqual([true, expect.any(String)]);
  });

  test('is told apart by engine', async () => {
    const all = await Promise.all([0, 1, 2].map(() => transcript({ a: 'clean' })));
    await Promise.all(all.map(({ predict }) => predict()));
    const ids = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'];
    const outcomes = await Promise.all(ids.map((id, index) => (
      all[index % 3].engine.predictWithFallback({ modelId: 'a', matches: [{ ...matches()[0], id }] })
    )));
    expect(outcomes.map(({ predictions: [one] }) => one)).toEqual(predictions(ids, 'a'));
    expect(all.map(({ upstream }) => upstream.requests.length)).toEqual([4, 3, 3]);
  });

  test('may be a hundred thousand calls', async () => {
    const engine = await ready(quiet(['a']));
    engine.disableModel('a', 'off');
    const [count, analysis] = [100_000, '–'.repeat(100)];
    const codes = new Map();
    const ids = new Set();
    await Promise.all(Array.from({ length: count }, async (_, index) => {
      const request = { modelId: index % 3 === 0 ? 'nobody' : 'a', matches: [{ ...matches()[0], id: `m${index}`, analysis }] };
      const { code, callId } = await rejection(engine.predictWithFallback(request));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      ids.add(callId);
    }));
    expect(Object.fromEntries(codes)).toEqual({ UNKNOWN_MODEL: 33_334, NO_MODEL_AVAILABLE: 66_666 });
    expect(ids.size).toBe(count);
  }, 900_000);

  test('may be as long as requests may be', async () => {
    const { engine, upstream } = await transcript({ a: 'clean' });
    const long = (id) => ({ modelId: 'a', matches: [{ ...matches()[0], id, analysis: 'é'.repeat(60_000) }] });
    const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
    await engine.predictWithFallback(long('m'));
    const outcomes = await Promise.all(ids.map((id) => engine.predictWithFallback(long(id))));
    expect(outcomes.map(({ predictions: [one] }) => one)).toEqual(predictions(ids, 'a'));
    expect(upstream.requests).toHaveLength(41);
  }, 300_000);
});

describe('what comes back', () => {
  test('is told before it is settled, and a listener that throws harms nobody', async () => {
    const { engine, predictAnother } = await transcript({ a: 'internal_error', b: 'clean' }, { disableThreshold: null, transientThreshold: null });
    await predictAnother();
    const told = [];
    let failing = 0;
    engine.onEvent(({ callId }) => { told.push(callId); });
    engine.onEvent(() => {
      failing += 1;
      if (failing % 2 === 0) throw new Error('of the listener');
      return Promise.reject(new Error('of its promise'));
    });
    const order = [];
    const outcomes = await Promise.all(Array.from({ length: 40 }, async () => {
      const outcome = await predictAnother();
      order.push(told.includes(outcome.callId));
      return outcome;
    }));
    expect(outcomes.every(({ usedFallback }) => usedFallback)).toBe(true);
    expect(order).toEqual(Array(40).fill(true));
    expect(failing).toBe(40);
    expect(new Set(told).size).toBe(40);
  });

  test('names its caller in the stack of an error, however it is waited for', async () => {
    const { engine } = await transcript({ a: 'prose' }, { disableThreshold: null });
    const request = () => ({ modelId: 'a', matches: matches() });
    await rejection(engine.predictWithFallback(request()));
    async function byAwait() { return await engine.predictWithFallback(request()); }
    function byThen() { return engine.predictWithFallback(request()).then((outcome) => outcome); }
    function byAll() { return Promise.all([0, 1].map(function inAll() { return engine.predictWithFallback(request()); })); }
    function byOptions() { return engine.predictWithFallback(request(), {}); }
    for (const call of [byAwait, byThen, byAll, byOptions]) {
      const { stack, message } = await rejection(call());
      expect(stack.startsWith(`Error: ${message}\n`), call.name).toBe(true);
      expect(stack).toContain(call === byAll ? 'inAll' : call.name);
    }
    function refused() { return engine.predictWithFallback(); }
    expect((await rejection(refused())).stack.split('\n').find((line) => line.startsWith('    at'))).toContain('refused');
  });

  test('names those who wait in the stack of an error where calls come too fast to note each', async () => {
    const { engine } = await transcript({ a: 'prose' }, { disableThreshold: null });
    const predictWrong = () => engine.predictWithFallback({ modelId: 'nobody', matches: matches() });
    const predict = () => engine.predictWithFallback({ modelId: 'a', matches: matches() });
    async function inAwait(call) { return await call(); }
    async function byAwait(call) { return await inAwait(call); }
    async function byAll(call) { return await Promise.all([0, 1].map(() => inAwait(call))); }
    for (const call of [predict, predictWrong]) {
      const many = Array.from({ length: 60 }, () => rejection(call()));
      const late = [byAwait, byAll].map(async (by) => {
        const error = await rejection(by(call));
        expect(error.stack.startsWith(`Error: ${error.message}\n`), by.name).toBe(true);
        expect(error.stack).toMatch(new RegExp(`inAwait .*${by.name} `, 's'));
        expect(error.stack).not.toContain('crossing.js');
        return error;
      });
      const errors = await Promise.all([...many, ...late]);
      for (const error of errors) {
        expect(error).toBeInstanceOf(Error);
        expect(Object.keys(error).join()).toBe(Object.keys(errors[0]).join());
        expect(error.message).toBe(errors[0].message);
      }
    }
  });

  test('is as it is whatever becomes of the prototypes and globals', async () => {
    const { code, output } = await run(`
      const log = process.stdout.write.bind(process.stdout);
      const { stringify } = JSON;
      const end = process.reallyExit;
      await engine.predictWithFallback(request);
      const nothing = () => { throw new Error('replaced'); };
      for (const key of ['dropped', 'callId', 'code', 'attempts', 'cause', 'resolve']) {
        Object.defineProperty(Object.prototype, key, { configurable: true, get: () => 'polluted', set: nothing });
      }
      const replaced = [
        JSON, 'parse', Object, 'assign', Object, 'defineProperty', Object, 'keys', Array.prototype, 'push', Array.prototype, 'join',
        Array.prototype, Symbol.iterator, String.prototype, 'substring', String.prototype, 'slice', Map.prototype, 'get',
        Map.prototype, 'set', Map.prototype, 'delete', WeakMap.prototype, 'get', Reflect, 'apply', Function.prototype, 'call',
        Function.prototype, 'apply', Function.prototype, 'bind', globalThis, 'queueMicrotask', globalThis, 'Map',
      ];
      for (let index = 0; index < replaced.length; index += 2) replaced[index][replaced[index + 1]] = nothing;
      const kept = Promise.prototype.then;
      Promise.prototype.then = nothing;
      const outcome = await engine.predictWithFallback(request);
      Promise.prototype.then = kept;
      log(stringify([outcome.predictions[0].matchId, outcome.attempts.length, outcome.modelId]));
      end(0);
    `);
    expect({ code, output }).toEqual({ code: 0, output: '["m1",1,"a"]' });
  });

  test('meets a then of every object as any promise does', async () => {
    const { code, output } = await run(`
      await engine.predictWithFallback(request);
      let read = 0;
      Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { read += 1; return undefined; } });
      const first = await engine.predictWithFallback(request);
      const seen = read > 0;
      Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { throw new Error('of then'); } });
      const second = engine.predictWithFallback(request).catch((error) => error.message);
      const third = engine.predictWithFallback(request).catch((error) => error.message);
      const said = [await second, await third];
      delete Object.prototype.then;
      const last = await engine.predictWithFallback(request);
      console.log(first.modelId, seen, ...said, last.modelId);
      // As many that the errors of the last ones would be made late.
      Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { throw new Error('of then'); } });
      const many = [];
      for (let index = 0; index < 60; index += 1) many[index] = engine.predictWithFallback(request).catch((error) => error.message);
      for (let index = 0; index < 60; index += 1) many[index] = await many[index];
      delete Object.prototype.then;
      console.log(new Set(many));
    `);
    expect({ code, output }).toEqual({ code: 0, output: "a true of then of then a\nSet(1) { 'of then' }" });
  });

  test('keeps the process alive, whoever keeps the promise', async () => {
    const { code, output } = await run(`
      await engine.predictWithFallback(request);
      engine.onEvent(() => {});
      engine.predictWithFallback(request).then(({ modelId }) => console.log(modelId));
      engine.predictWithFallback(request);
    `, { name: 'slow', ms: 300 });
    expect({ code, output }).toEqual({ code: 0, output: 'a' });
  });

  test('rejects unhandled as any promise does', async () => {
    const { code, output } = await run(`
      await engine.predictWithFallback(request);
      engine.predictWithFallback({ ...request, modelId: 'nobody' });
    `);
    expect(code).toBe(1);
    expect(output).toContain('no model has the id "nobody"');
  });

  test('ends with its thread in the middle of a batch', async () => {
    const { code, output } = await run(`
      import { Worker, isMainThread } from 'node:worker_threads';
      const program = \`
        import { parentPort } from 'node:worker_threads';
        const { engine: make, request } = await import(\${JSON.stringify(new URL('programs/engine.mjs', 'file://' + process.cwd() + '/').href)});
        const engine = make();
        await engine.predictWithFallback(request);
        engine.onEvent(() => {});
        const ask = async () => { for (;;) await engine.predictWithFallback(request); };
        for (let index = 0; index < 50; index += 1) ask();
        parentPort.postMessage('ready');\`;
      let ended = 0;
      await Promise.all(Array.from({ length: 6 }, async (_, index) => {
        const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(program)));
        await new Promise((resolve) => { worker.once('message', resolve); });
        for (let turn = 0; turn < index * 3; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
        await worker.terminate();
        ended += 1;
      }));
      const outcome = await engine.predictWithFallback(request);
      console.log(ended, outcome.modelId);
    `);
    expect({ code, output }).toEqual({ code: 0, output: '6 a' });
  }, 60_000);
});

describe('the method', () => {
  test('is one of every engine, of a subclass as well, and of nothing else', async () => {
    const { Fallcast } = fallcast;
    class Mine extends Fallcast {
      predictWithFallback(...args) { return super.predictWithFallback(...args); }
    }
    const upstream = await upstreamFor();
    const mine = new Mine(chain(upstream, ['a']));
    onTestFinished(() => mine.close());
    const request = { modelId: 'a', matches: matches() };
    for (let time = 0; time < 3; time += 1) expect(inShort((await mine.predictWithFallback(request)).attempts)).toEqual([['a', null]]);
    expect([mine instanceof Fallcast, mine instanceof Mine]).toEqual([true, true]);
    const { predictWithFallback } = Fallcast.prototype;
    for (const self of [undefined, {}, new Proxy(mine, {}), Object.create(mine)]) {
      expect(() => predictWithFallback.call(self, request)).toThrow();
    }
    expect([predictWithFallback.name, predictWithFallback.length]).toEqual(['predictWithFallback', 0]);
    expect(Object.keys(Fallcast.prototype).filter((name) => ['submit', 'receive'].includes(name))).toEqual([]);
    expect(['submit' in mine, 'submit' in fallcast, 'receive' in fallcast]).toEqual([false, false, false]);
  });

  test('and the function go the same way', async () => {
    const { code, output } = await run(`
      fallcast.configure((await import('./programs/engine.mjs')).config);
      const told = [];
      fallcast.onEvent(({ type }) => told.push(type));
      const both = await Promise.all([fallcast.predictWithFallback(request), engine.predictWithFallback(request), fallcast.predictWithFallback(request)]);
      const { predictWithFallback } = fallcast;
      both.push(await predictWithFallback(request));
      console.log(both.map(({ modelId }) => modelId).join(), new Set(both.map(({ callId }) => callId.split('-')[0])).size);
    `);
    expect({ code, output }).toEqual({ code: 0, output: 'a,a,a,a 2' });
  });
});
