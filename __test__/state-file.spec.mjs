/** The file that keeps an engine's state: across a close, a crash and damage, and for one engine at a time. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import { chain, engineFor, fallcast, matches, micro, spendToday, thrown, upstreamFor } from './support.mjs';

/** A folder of the test's own, as its real path. */
function folder() {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'fallcast-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
const stateFile = () => join(folder(), 'state.json');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const nowhere = { baseUrl: 'http://127.0.0.1:9/v1' };
const keeping = (path, config = {}) => engineFor(chain(nowhere, ['a', 'b'], { stateFile: path, ...config }));
const refusal = (path) => {
  const error = thrown(() => keeping(path));
  expect(error.code).toBe('INVALID_CONFIG');
  expect(error.message).toMatch(/^config\.stateFile: /);
  expect(error.message).toContain(path);
  return error.message;
};
const spent = (engine) => micro(engine.getBudget().spentUsd);
const failures = (engine) => engine.getModels().map(({ consecutiveFailures }) => consecutiveFailures);

/** The events of one type that an engine tells, as an iterator that waits for the next. */
function events(engine, type) {
  const waiting = [];
  let wake = () => {};
  engine.onEvent((event) => {
    if (event.type !== type) return;
    waiting.push(event);
    wake();
  });
  return {
    waiting,
    async next() {
      while (waiting.length === 0) await new Promise((resolve) => { wake = resolve; });
      return waiting.shift();
    },
  };
}

/** Waits until something holds that no event tells of. */
async function until(condition) {
  while (!condition()) await sleep(5);
}

describe('what is kept', () => {
  test('is the spend, the health and the cooling, for the next engine on the same file', async () => {
    const usage = { prompt_tokens: 500_000, completion_tokens: 100_000 };
    const upstream = await upstreamFor({ name: 'clean', usage });
    const path = stateFile();
    const config = chain(upstream, ['a', 'b', 'c'], { stateFile: path, dailyBudgetUsd: 1 });
    const first = engineFor(config);
    await first.predictWithFallback({ modelId: 'a', matches: matches() });
    first.reportFailure('b', 'parse_error');
    first.reportFailure('b', 'parse_error');
    first.reportFailure('c', 'rate_limited');
    first.disableModel('c', 'by hand');
    const [models, budget] = [first.getModels(), first.getBudget()];
    expect(budget.spentUsd).toBe(0.7);
    await first.close();
    expect(read(path)).toMatchObject({ version: 1, spend: { day: budget.day, microUsd: { a: 700_000 } } });

    const second = engineFor(config);
    const [cooling] = second.getModels().slice(-1);
    expect(Math.abs(Date.parse(cooling.coolingUntil) - Date.parse(models[2].coolingUntil))).toBeLessThan(10);
    models[2].coolingUntil = cooling.coolingUntil;
    expect(second.getModels()).toEqual(models);
    expect(second.getBudget()).toEqual(budget);
    const alerts = events(second, 'budget');
    await second.predictWithFallback({ modelId: 'a', matches: matches() });
    expect(alerts.waiting.map(({ threshold }) => threshold)).toEqual([0.8, 1]);
  });

  test('has the cost of a request before its retry has ended', async () => {
    const upstream = await upstreamFor(byModel({ a: ['reset', 'never'] }));
    const path = stateFile();
    const engine = engineFor(chain(upstream, ['a'], { stateFile: path, maxRetries: 1 }));
    engine.predictWithFallback({ modelId: 'a', matches: matches() }).catch(() => {});
    await upstream.received(2);
    expect(spent(engine)).toBeGreaterThan(0);
    await until(() => existsSync(path) && read(path).spend.microUsd.a === spent(engine));
    expect(upstream.open).toHaveLength(1);
  });

  test('has the cost of a call whose thread was terminated', async () => {
    const path = stateFile();
    const upstream = await upstreamFor('never');
    const child = start('dropped', path, upstream);
    await upstream.received(1);
    child.send('terminate');
    const [{ spentUsd, reservedUsd }] = await once(child, 'message');
    expect(spentUsd).toBeGreaterThan(0);
    expect(reservedUsd).toBe(0);
  });

  test('is written without a close, before an engine has done anything else', async () => {
    const path = stateFile();
    const engine = keeping(path);
    expect(existsSync(path)).toBe(false);
    spendToday(engine, { a: 5 });
    await until(() => existsSync(path) && read(path).spend.microUsd.a === 5);
    engine.reportFailure('b', 'parse_error');
    await until(() => read(path).models.b?.failures === 1);
  });

  test('is there whole at every moment', async () => {
    const path = stateFile();
    const engine = keeping(path);
    const ids = Array.from({ length: 500 }, (_, index) => `${'x'.repeat(200)}${index}`);
    const spend = (each) => spendToday(engine, Object.fromEntries(ids.map((id) => [id, each])));
    spend(1);
    await until(() => existsSync(path));
    for (let each = 0; each < 3;) {
      const { microUsd } = read(path).spend;
      const seen = new Set(ids.map((id) => microUsd[id]));
      expect(seen.size).toBe(1);
      [each] = seen;
      spend(each + 1);
      await sleep(1);
    }
    await engine.close();
    expect(readdirSync(join(path, '..')).sort()).toEqual(['state.json', 'state.json.lock']);
  });

  test('of another day is no spend of today', () => {
    const path = stateFile();
    writeFileSync(path, JSON.stringify({ version: 1, spend: { day: '2020-02-29', microUsd: { a: 900 } } }));
    expect(spent(keeping(path, { dailyBudgetUsd: 1 }))).toBe(0);
  });

  test('may be more than anybody has', async () => {
    const path = stateFile();
    const { day } = engineFor().getBudget();
    const huge = '18446744073709551615';
    writeFileSync(path, `{"version":1,"spend":{"day":"${day}","microUsd":{"a":${huge},"b":${huge}}}}`);
    const engine = keeping(path, { dailyBudgetUsd: 1 });
    expect(engine.getBudget()).toMatchObject({ spentUsd: Number(huge) / 1e9, remainingUsd: 0, state: 'exhausted' });
    await engine.close();
    expect(readFileSync(path, 'utf8')).toContain(`"a":${huge.slice(0, -3)}`);
  });

  test('is nobody else\'s to read', async () => {
    const path = stateFile();
    await keeping(path).close();
    expect([statSync(path).mode & 0o777, read(path).version]).toEqual([0o600, 1]);
  });
});

describe('a file has one engine at a time', () => {
  test('in one process', async () => {
    const path = stateFile();
    const first = keeping(path);
    expect(refusal(path)).toContain('in use');
    const link = join(folder(), 'link.json');
    await first.close();
    symlinkSync(path, link);
    const second = keeping(link);
    expect(refusal(path)).toContain('in use');
    spendToday(second, { a: 3 });
    await second.close();
    expect(read(path).spend.microUsd).toEqual({ a: 3 });
    expect(spent(keeping(path))).toBe(3);
  });

  test('a close lets go of it before it resolves, and may come twice', async () => {
    const path = stateFile();
    for (let round = 1; round <= 20; round += 1) {
      const engine = keeping(path);
      expect(spent(engine)).toBe(round - 1);
      spendToday(engine, { a: round });
      await Promise.all([engine.close(), engine.close()]);
    }
  });

  test('in two processes, until one is killed', async () => {
    const path = stateFile();
    const upstream = await upstreamFor();
    const { child, lines } = spending(path, upstream);
    await lines.next();
    expect(refusal(path)).toContain('in use');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(keeping(path)).toBeDefined();
  });

  test('the shared engine too; the same configuration again does not open it twice', () => {
    const config = { builtinCatalog: false, stateFile: stateFile() };
    fallcast.configure(config);
    fallcast.configure({ ...config });
    expect(thrown(() => fallcast.configure({ ...config, stateFile: stateFile() })).code).toBe('INVALID_CONFIG');
    expect(refusal(config.stateFile)).toContain('in use');
  });

  test('a configuration that is refused for something else leaves the file alone', () => {
    const path = stateFile();
    expect(thrown(() => keeping(path, { maxRetries: -1 })).message).toMatch(/^config\.maxRetries: /);
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });
});

describe('a path that cannot be used is refused', () => {
  test('in a folder that does not exist', () => {
    expect(refusal(join(folder(), 'nowhere', 'state.json'))).toContain('folder');
  });

  test('that is a folder', () => {
    expect(refusal(folder())).toContain('must be a file');
  });

  test('in a file', () => {
    const path = stateFile();
    writeFileSync(path, '{}');
    refusal(join(path, 'state.json'));
  });

  test('that ends in a folder without a name', () => {
    refusal(join(folder(), 'nowhere', '..', '..') + '/..');
  });

  test('that is no file', () => {
    expect(refusal('/dev/null')).toContain('must be a file');
  });

  // Whoever runs as root may write everywhere.
  test.skipIf(process.getuid?.() === 0)('in a folder that may not be written', () => {
    const path = folder();
    mkdirSync(join(path, 'read-only'), { mode: 0o555 });
    expect(refusal(join(path, 'read-only', 'state.json'))).toContain('cannot be locked');
  });
});

describe('a file of a later version, or with fields that nobody knows', () => {
  const AT = '2026-01-01T00:00:00.000Z';
  const FAILED = { changedAt: AT, failures: 3 };

  test.each([
    ['a later version', { version: 2, anything: [] }, { anything: [] }],
    ['an unknown field', { version: 1, spent: 5 }, { spent: 5 }],
    ['a changed field', { version: 3, providers: [] }, {}],
  ])('keeps its spend: %s', async (_, fields, kept) => {
    const path = stateFile();
    const day = new Date().toISOString().slice(0, 10);
    writeFileSync(path, JSON.stringify({ ...fields, spend: { day, microUsd: { a: 700_000 }, more: 1 } }));
    const engine = keeping(path);
    const damage = events(engine, 'state_damaged');
    expect(spent(engine)).toBe(700_000);
    spendToday(engine, { a: 800_000 });
    await engine.close();
    expect(damage.waiting).toEqual([]);
    expect(read(path)).toMatchObject({ ...kept, version: 1, spend: { microUsd: { a: 800_000 }, more: 1 } });
  });

  test.each([
    ['of a model', { models: { a: { ...FAILED, disabled: { until: null, reason: 'x', by: 'ops' } } } }],
    ['of a failure', { models: { a: { ...FAILED, lastFailure: { kind: 'parse_error', at: AT, region: 'eu' } } } }],
    ['of another day', { models: { a: FAILED }, otherDays: [{ day: '2026-01-01', microUsd: { a: 3 }, rate: 2 }] }],
  ])('keeps what it knows, and the field: %s', async (_, fields) => {
    const path = stateFile();
    writeFileSync(path, JSON.stringify({ version: 1, ...fields }));
    const engine = keeping(path);
    const damage = events(engine, 'state_damaged');
    expect(failures(engine)).toEqual([3, 0]);
    spendToday(engine, { a: 1 });
    await engine.close();
    expect(damage.waiting).toEqual([]);
    expect(read(path)).toMatchObject(fields);
  });

  test('what cannot be read takes nothing else with it', async () => {
    const path = stateFile();
    const day = new Date().toISOString().slice(0, 10);
    const models = { a: { ...FAILED, lastFailure: { kind: 'novel', at: AT } }, b: { changedAt: 'yesterday' } };
    writeFileSync(path, JSON.stringify({ version: 1, models, spend: { day, microUsd: { a: 700_000, b: 0.5 } } }));
    const engine = keeping(path);
    expect([spent(engine), failures(engine)]).toEqual([700_000, [3, 0]]);
    expect((await events(engine, 'state_damaged').next()).problem).toContain('snapshot.spend.microUsd.b');
    await engine.close();
  });

  test('is set aside when it is damaged, but for its spend', async () => {
    const path = stateFile();
    const day = new Date().toISOString().slice(0, 10);
    writeFileSync(path, JSON.stringify({ version: 1, models: [], spend: { day, microUsd: { a: 5 } } }));
    const engine = keeping(path);
    expect(spent(engine)).toBe(5);
    expect((await events(engine, 'state_damaged').next()).movedTo).toContain('.damaged-');
    await engine.close();
  });
});

test('what is uncertain of the day survives a restart', async () => {
  const path = stateFile();
  const first = keeping(path);
  const day = first.getBudget().day;
  first.restore({ version: 1, spend: { day, microUsd: { a: 7 }, nanoUsd: { a: 250 }, uncertainNanoUsd: { a: 1500, b: 9 } } });
  await first.close();
  const second = keeping(path);
  expect(second.getBudget()).toMatchObject({ spentUsd: 0.00000725, uncertainUsd: 0.000001509 });
  await second.close();
});

describe('a damaged file is set aside and told of', () => {
  const whole = JSON.stringify({ version: 1, models: { a: { changedAt: '2026-01-01T00:00:00Z', failures: 3 } } });
  const spend = (microUsd) => JSON.stringify({ version: 1, spend: { day: '2026-11-22', microUsd } });
  test.each([
    ['empty', ''],
    ['blank', ' \n'],
    ['cut off', whole.slice(0, -5)],
    ['two states in one', whole + whole],
    ['an array', `[${whole}]`],
    ['null', 'null'],
    ['bytes', Buffer.from([0, 0xff, 0xfe, 0x80, 0x7b])],
    ['zeros', Buffer.alloc(4096)],
    ['nested without end', '['.repeat(100_000)],
    ['an object of something else', '{"name":"fallcast"}'],
    ['with a version in words', '{"version":"1"}'],
    ['with models in a list', '{"version":1,"models":[]}'],
    ['with failures in words', whole.replace('3', '"three"')],
    ['with too many failures', whole.replace('3', '256')],
    ['with a time that is none', whole.replace('2026-01-01T00:00:00Z', 'yesterday')],
    ['with a negative spend', spend({ a: -1 })],
    ['with half a millionth', spend({ a: 0.5 })],
    ['with a spend in words', spend({ a: '1' })],
    ['with more than can be counted', spend({ a: 1e300 })],
  ])('%s', async (_, content) => {
    const path = stateFile();
    writeFileSync(path, content);
    const engine = keeping(path);
    expect([spent(engine), failures(engine)]).toEqual([0, [0, 0]]);
    const damage = events(engine, 'state_damaged');
    const { movedTo, problem } = await damage.next();
    expect(problem).not.toBe('');
    expect(movedTo).toMatch(/\/state\.json\.damaged-\d+$/);
    expect(readFileSync(movedTo)).toEqual(Buffer.from(content));
    spendToday(engine, { a: 9 });
    await engine.close();
    // To the first listener alone.
    expect(damage.waiting).toEqual([]);
    expect(read(path).spend.microUsd).toEqual({ a: 9 });
    expect(readdirSync(join(path, '..'))).toHaveLength(3);
  });

  test('each under a name of its own', async () => {
    const path = stateFile();
    for (let round = 0; round < 3; round += 1) {
      writeFileSync(path, `damage ${round}`);
      await keeping(path).close();
    }
    const aside = readdirSync(join(path, '..')).filter((name) => name.includes('.damaged-')).sort();
    expect(aside.map((name) => readFileSync(join(path, '..', name), 'utf8')))
      .toEqual(['damage 0', 'damage 1', 'damage 2']);
  });

  test('but models that the catalogue does not have are no damage', async () => {
    const path = stateFile();
    const at = '2026-01-01T00:00:00Z';
    const models = { b: { changedAt: at, failures: 2 }, gone: { changedAt: at } };
    writeFileSync(path, JSON.stringify({ version: 1, models }));
    const engine = keeping(path);
    expect(failures(engine)).toEqual([0, 2]);
    expect(readdirSync(join(path, '..')).sort()).toEqual(['state.json', 'state.json.lock']);
  });
});

describe('a temporary file that a crash left behind', () => {
  test('does no harm', async () => {
    const path = stateFile();
    writeFileSync(path, '{"version":1}');
    writeFileSync(`${path}.tmp`, '{"version":1,"spend":{"da');
    const engine = keeping(path);
    spendToday(engine, { a: 4 });
    await engine.close();
    expect(read(path).spend.microUsd).toEqual({ a: 4 });
    expect(readdirSync(join(path, '..')).sort()).toEqual(['state.json', 'state.json.lock']);
  });

  test('is not followed if it is a link', async () => {
    const path = stateFile();
    const precious = join(folder(), 'precious');
    writeFileSync(precious, 'untouched');
    symlinkSync(precious, `${path}.tmp`);
    await keeping(path).close();
    expect([readFileSync(precious, 'utf8'), read(path).version]).toEqual(['untouched', 1]);
  });
});

test('a state that cannot be written is told of once, and again only after it could be', async () => {
  const parent = join(folder(), 'parent');
  mkdirSync(parent);
  const path = join(parent, 'state.json');
  const engine = keeping(path);
  const unsaved = events(engine, 'state_unsaved');
  for (const round of [1, 2]) {
    rmSync(parent, { recursive: true });
    spendToday(engine, { a: 2 * round });
    expect((await unsaved.next()).problem).not.toBe('');
    spendToday(engine, { a: 2 * round + 1 });
    mkdirSync(parent);
    // Nothing but the failed write makes the next one happen.
    await until(() => existsSync(path) && read(path).spend.microUsd.a === 2 * round + 1);
    expect(unsaved.waiting).toEqual([]);
  }
  rmSync(parent, { recursive: true });
  spendToday(engine, { a: 100 });
  await unsaved.next();
  await engine.close();
  expect(unsaved.waiting).toEqual([]);
});

/** Starts a program with a state file. */
function start(program, path, upstream) {
  const env = { ...process.env, STATE_FILE: path, UPSTREAM: upstream.baseUrl };
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'];
  const child = fork(fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url)), { env, stdio, execArgv: [] });
  onTestFinished(() => child.kill('SIGKILL'));
  return child;
}

/** Starts a process that spends money; `lines` are what it says of it. */
function spending(path, upstream) {
  const child = start('spending', path, upstream);
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, lines: { next: async () => JSON.parse((await said.next()).value ?? 'null') } };
}

/** How late a busy machine may be, in milliseconds. */
const LATE = 250;

test('no kill -9 loses what was settled more than a second before', { timeout: 120_000 }, async () => {
  const upstream = await upstreamFor({ name: 'slow', ms: 10 });
  let rounds = 0;
  const lane = async () => {
    const path = stateFile();
    let before = [];
    for (let round = 0; round < 4; round += 1) {
      const { child, lines } = spending(path, upstream);
      const first = await lines.next();
      const [last] = before.slice(-1);
      if (last?.day === first.day) {
        const { killedAt } = before;
        const safe = before.filter(({ at, day }) => day === first.day && at < killedAt - 1000 - LATE).pop();
        expect(first.spent).toBeGreaterThanOrEqual(safe?.spent ?? 0);
        expect(first.spent).toBeGreaterThanOrEqual(before[0].spent);
        // One prediction may have been settled without a word.
        const { spent: price } = before.find((line) => line.spent > before[0].spent);
        expect(first.spent).toBeLessThanOrEqual(last.spent + (price - before[0].spent));
        rounds += 1;
      }
      const said = [first];
      const listening = (async () => {
        for (let line = await lines.next(); line; line = await lines.next()) said.push(line);
      })();
      await sleep(1200 + Math.random() * 1300);
      const killedAt = Date.now();
      child.kill('SIGKILL');
      await listening;
      before = Object.assign(said, { killedAt });
      expect(said.length).toBeGreaterThan(2);
    }
    expect(spent(keeping(path))).toBeGreaterThan(0);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  expect(rounds).toBeGreaterThanOrEqual(8);
});
