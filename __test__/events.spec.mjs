import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  another, chain, engineFor, fail, listen, matches, quiet, rejection, thrown, transcript, upstreamFor,
} from './support.mjs';

const inShort = (events) => events.map(({ type, modelId }) => (modelId ? `${type} ${modelId}` : type));
const sequences = (events) => events.map(({ sequence }) => sequence);
/** 1 … `count`. */
const upTo = (count) => Array.from({ length: count }, (_, index) => index + 1);
const MOST_WAITING = 4096;

describe('events', () => {
  test('arrive in order and before the promise settles that caused them', async () => {
    const { engine, predict } = await transcript(
      { a: 'prose', b: { name: 'rate_limited', retryAfter: 9 }, c: 'clean' }, { disableThreshold: 1 },
    );
    const { events } = listen(engine);
    const counts = listen(engine, 'onInvalidate').events;
    const { callId } = await predict();
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const common = { at, callId, requestId: null, dropped: 0 };
    const prompt = { promptVersion: '1', overrides: [] };
    expect(events).toEqual([
      {
        type: 'disabled', modelId: 'a', disabledUntil: at, reason: 'a failure of kind parse_error',
        consecutiveFailures: 1, sequence: 1, ...common,
      },
      { type: 'fallback', originalModelId: 'a', modelId: 'b', reason: 'parse_error', ...prompt, sequence: 2, ...common },
      { type: 'cooling', modelId: 'b', coolingUntil: at, kind: 'rate_limited', sequence: 3, ...common },
      { type: 'fallback', originalModelId: 'a', modelId: 'c', reason: 'parse_error', ...prompt, sequence: 4, ...common },
    ]);
    expect(counts).toEqual([
      {
        key: 'stats:active_model_count', cause: 'disabled', modelId: 'a', activeModelCount: 2, sequence: 1, dropped: 0,
      },
    ]);
  });

  test('arrive before a rejection, and before recoverDisabledModels resolves', async () => {
    const { engine, predict } = await transcript({ a: 'prose' }, { disableThreshold: 1 });
    const { events } = listen(engine);
    await rejection(predict());
    expect(inShort(events)).toEqual(['disabled a']);
    engine.enableModel('a');
    engine.disableModel('a', 'by hand');
    expect(events).toHaveLength(1);
    await engine.recoverDisabledModels();
    expect(inShort(events)).toEqual(['disabled a', 'enabled a', 'disabled a']);
  });

  test('tell of a dearer fallback with both estimates', async () => {
    const dear = { promptUsdPer1M: 3, completionUsdPer1M: 6 };
    const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { models: { b: dear } });
    const { events } = listen(engine);
    const { originalCostUsd } = await predict();
    expect(inShort(events)).toEqual(['fallback b', 'cost_warning b']);
    expect(events[1].priceRatio).toBeCloseTo(3, 1);
    expect(events[1].originalCostUsd).toBeCloseTo(originalCostUsd, 9);
    expect(events[1].expectedCostUsd / events[1].originalCostUsd).toBeCloseTo(events[1].priceRatio, 1);
  });

  test('name the call that caused them, and its requestId', async () => {
    const dear = { promptUsdPer1M: 3, completionUsdPer1M: 6 };
    const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
    const { engine, predict } = await transcript(
      { a: { name: 'prose', usage }, b: { name: 'rate_limited', retryAfter: 9 }, c: 'clean', d: 'unauthorized' },
      { disableThreshold: 1, models: { b: dear }, dailyBudgetUsd: 1, budgetAlerts: [0.001] },
    );
    const { events } = listen(engine);
    const { callId } = await predict({ requestId: 'job-7' });
    expect(inShort(events)).toEqual(['budget', 'disabled a', 'fallback b', 'cost_warning b', 'cooling b', 'fallback c']);
    for (const event of events.splice(0)) expect(event).toMatchObject({ callId, requestId: 'job-7' });
    const refused = await rejection(engine.predictWithFallback({ modelId: 'd', matches: matches() }));
    expect(events).toMatchObject([{ type: 'provider_cooling', callId: refused.callId, requestId: null }]);
    expect(refused.callId).not.toBe(callId);
  });

  test('name no call where none caused them', async () => {
    const { engine, predict } = await transcript({ a: 'clean' }, { disableThreshold: 1, cooldownMs: 1 });
    const { events } = listen(engine);
    engine.disableModel('a', 'by hand');
    engine.enableModel('a');
    engine.restore(engine.snapshot());
    fail(engine, 'a', 1);
    // It comes back in the middle of a call, or before it by its timer: in either case because its time has come.
    while ((await predict().catch(() => null)) === null);
    expect(inShort(events)).toEqual(['disabled a', 'enabled a', 'restored', 'disabled a', 'recovered a']);
    for (const event of events) expect(event).toMatchObject({ callId: null, requestId: null });
  });

  test('of one engine are not those of another', async () => {
    const [one, other] = [quiet(), quiet()];
    const { events } = listen(one);
    other.disableModel('a', 'by hand');
    await one.recoverDisabledModels();
    expect(events).toEqual([]);
  });
});

describe('invalidations', () => {
  test('come with every change of the active set and with no other', async () => {
    const engine = quiet(['a', 'b', 'c']);
    const { events } = listen(engine, 'onInvalidate');
    const told = async () => {
      await engine.recoverDisabledModels();
      return events.splice(0).map(({ cause, modelId, activeModelCount }) => [cause, modelId, activeModelCount]);
    };
    engine.disableModel('a', 'one');
    engine.disableModel('a', 'another reason');
    expect(await told()).toEqual([['disabled', 'a', 2]]);
    engine.enableModel('a');
    engine.enableModel('a');
    expect(await told()).toEqual([['enabled', 'a', 3]]);
    for (let time = 0; time < 9; time += 1) engine.reportFailure('b', 'empty_response');
    engine.reportFailure('c', 'rate_limited');
    engine.reportFailure('c', 'unauthorized');
    expect(await told()).toEqual([['disabled', 'b', 2]]);
    const model = { id: 'd', provider: 'p', upstreamModel: 'd', promptUsdPer1M: 0, completionUsdPer1M: 0 };
    engine.updateCatalog({ models: [model] });
    engine.updateCatalog({ models: [{ ...model, promptUsdPer1M: 1 }] });
    expect(await told()).toEqual([['catalog', null, 3]]);
    engine.updateCatalog({ models: [{ ...model, enabled: false }] });
    engine.disableModel('d', 'it was not active');
    expect(await told()).toEqual([['catalog', null, 2]]);
    engine.updateCatalog({ models: [model] });
    expect(await told()).toEqual([]);
  });

  test('the count is never stale after a change, whatever was asked before', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const engine = quiet(ids, { disableThreshold: 2 });
    const { events } = listen(engine, 'onInvalidate');
    const active = new Set(ids);
    const failures = new Map();
    const expected = [];
    let random = 1;
    const pick = (count) => {
      random = (Math.imul(random, 48_271) >>> 0) % 0x7fffffff;
      return random % count;
    };
    for (let step = 0; step < 3000; step += 1) {
      const id = ids[pick(ids.length)];
      const before = active.size;
      const what = pick(5);
      if (what === 0) {
        engine.disableModel(id, 'by hand');
        active.delete(id);
      } else if (what === 1) {
        engine.enableModel(id);
        active.add(id);
        failures.set(id, 0);
      } else if (what === 2) {
        engine.reportSuccess(id);
        if (active.has(id)) failures.set(id, 0);
      } else {
        engine.reportFailure(id, 'truncated');
        if (active.has(id)) failures.set(id, (failures.get(id) ?? 0) + 1);
        if (failures.get(id) === 2) active.delete(id);
      }
      if (active.size !== before) expected.push(active.size);
      expect(await engine.getActiveModelCount()).toBe(active.size);
    }
    await engine.recoverDisabledModels();
    expect(expected.length).toBeGreaterThan(500);
    expect(events.map(({ activeModelCount }) => activeModelCount)).toEqual(expected);
    expect(sequences(events)).toEqual(upTo(expected.length));
  });

  test('a listener that asks for the count at once gets one that knows of this change', async () => {
    const engine = quiet();
    const seen = [];
    const asked = listen(engine, 'onInvalidate');
    engine.onInvalidate(({ activeModelCount }) => {
      seen.push(engine.getActiveModelCount().then((count) => [activeModelCount, count]));
    });
    for (const id of ['a', 'b', 'c']) {
      await engine.getActiveModelCount();
      engine.disableModel(id, 'by hand');
      await asked.until(({ length }) => length === seen.length && length > 0);
      await engine.recoverDisabledModels();
    }
    expect(await Promise.all(seen)).toEqual([[2, 2], [1, 1], [0, 0]]);
  });
});

describe('the first event and the first invalidation have the sequence 1', () => {
  /** The sequences of what an engine tells that begins with `content` as its state. */
  async function firstOf(content) {
    const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
    const stateFile = join(folder, 'state.json');
    writeFileSync(stateFile, content);
    const engine = quiet(['a', 'b'], { stateFile });
    const told = ['onEvent', 'onInvalidate'].map((subscribe) => listen(engine, subscribe).events);
    engine.enableModel('a');
    engine.disableModel('a', 'by hand');
    await engine.close();
    rmSync(folder, { recursive: true });
    return told.map((events) => [events[0], sequences(events)]);
  }

  test('of an engine that took over a state', async () => {
    const before = quiet(['a', 'b', 'gone']);
    before.disableModel('a', 'by hand');
    const [[event, ofEvents], [, ofCounts]] = await firstOf(JSON.stringify(before.snapshot()));
    expect(event.type).toBe('enabled');
    expect(ofEvents).toEqual([1, 2]);
    expect(ofCounts).toEqual([1, 2]);
  });

  test.each([['no JSON'], ['{"version":1,"models":{"a":7}}']])('of one whose state was damaged: %s', async (content) => {
    const [[event, ofEvents], [, ofCounts]] = await firstOf(content);
    expect(event.type).toBe('state_damaged');
    expect(ofEvents).toEqual([1, 2, 3].slice(0, ofEvents.length));
    expect(ofCounts[0]).toBe(1);
  });
});

describe('a listener', () => {
  /** What a good listener is told of three changes while another one misbehaves. */
  async function beside(other) {
    const engine = quiet();
    const end = engine.onEvent((event) => other(event, engine));
    const { events } = listen(engine);
    for (const id of ['a', 'b', 'c']) engine.disableModel(id, 'by hand');
    await engine.recoverDisabledModels();
    end();
    return inShort(events);
  }
  const all = ['disabled a', 'disabled b', 'disabled c'];

  test.each([
    ['throws an error', () => { throw new Error('broken'); }],
    ['throws nothing', () => { throw undefined; }],
    ['throws what cannot be shown', () => { throw Object.create(null, { message: { get() { throw this; } } }); }],
    ['changes what it is told', (event) => { event.modelId = 'x'; delete event.type; }],
    ['returns what is no promise', () => ({ get then() { throw new Error('looked at'); } })],
  ])('that %s harms nobody', async (_, other) => {
    expect(await beside(other)).toEqual(all);
  });

  test('may be subscribed a hundred times', async () => {
    const engine = quiet();
    let calls = 0;
    const listener = () => { calls += 1; };
    const ends = Array.from({ length: 100 }, () => engine.onEvent(listener));
    engine.disableModel('a', 'by hand');
    await engine.recoverDisabledModels();
    expect(calls).toBe(100);
    for (const end of ends.slice(1)) end();
    engine.enableModel('a');
    await engine.recoverDisabledModels();
    expect(calls).toBe(101);
  });

  test('is called with nothing but the event', async () => {
    const engine = quiet();
    const calls = [];
    engine.onEvent((...args) => calls.push(args.length));
    engine.disableModel('a', 'by hand');
    await engine.recoverDisabledModels();
    expect(calls).toEqual([1]);
  });

  test('may end itself from inside, whatever else waits for it', async () => {
    const engine = quiet();
    const seen = [];
    const end = engine.onEvent(({ modelId }) => {
      seen.push(modelId);
      expect(end()).toBeUndefined();
      end();
    });
    for (const id of ['a', 'b', 'c']) engine.disableModel(id, 'by hand');
    await engine.recoverDisabledModels();
    expect(seen).toEqual(['a']);
  });

  test('may end another, which is told nothing more', async () => {
    const engine = quiet();
    const seen = [];
    let endOther;
    engine.onEvent(() => endOther());
    endOther = engine.onEvent((event) => seen.push(event));
    for (const id of ['a', 'b']) engine.disableModel(id, 'by hand');
    await engine.recoverDisabledModels();
    expect(seen).toEqual([]);
  });

  test('may subscribe another, which is told what happens from then on', async () => {
    const engine = quiet();
    let inner;
    engine.onEvent(() => { inner ??= listen(engine); });
    engine.disableModel('a', 'by hand');
    await engine.recoverDisabledModels();
    engine.disableModel('b', 'by hand');
    await engine.recoverDisabledModels();
    expect(inShort(inner.events)).toEqual(['disabled b']);
  });

  test('may change the engine, of which it is told afterwards', async () => {
    const engine = quiet();
    const seen = [];
    const done = new Promise((resolve) => {
      engine.onEvent(({ type, modelId, sequence }) => {
        seen.push(`${sequence} ${type} ${modelId}`);
        if (sequence === 1) engine.disableModel('b', 'as well');
        if (sequence === 2) engine.enableModel('a');
        if (sequence === 3) resolve();
      });
    });
    engine.disableModel('a', 'by hand');
    await done;
    expect(seen).toEqual(['1 disabled a', '2 disabled b', '3 enabled a']);
  });

  test('may ask for a prediction and close the engine', async () => {
    const { engine, predict } = await transcript({ a: 'prose', b: 'clean' });
    let nested;
    const closed = new Promise((resolve) => {
      engine.onEvent(() => {
        nested ??= rejection(predict());
        resolve(engine.close());
      });
    });
    const [outcome] = await Promise.all([predict().catch(({ code }) => code), closed]);
    expect((await nested).code).toBe('CLOSED');
    expect(outcome.modelId ?? outcome).toMatch(/^(b|CLOSED)$/);
  });

  test('of a closed engine is told what is changed by hand', async () => {
    const engine = quiet();
    await engine.close();
    const { events } = listen(engine);
    engine.disableModel('a', 'by hand');
    await engine.recoverDisabledModels();
    expect(inShort(events)).toEqual(['disabled a']);
  });

  const none = [undefined, null, {}, 'function', 1, [() => {}]];
  test.each(none.map((value) => [value]))('must be a function: %j', (value) => {
    const engine = quiet();
    for (const subscribe of ['onEvent', 'onInvalidate']) {
      const error = thrown(() => engine[subscribe](value));
      expect(error.code).toBe('INVALID_REQUEST');
      expect(error.message).toMatch(/^listener: must be a function, got /);
    }
  });
});

describe('a listener that does not keep up', () => {
  /** `count` changes while nothing is taken from the queue. */
  async function flood(engine, count) {
    for (let change = 0; change < count; change += 1) {
      if (change % 2) engine.enableModel('a');
      else engine.disableModel('a', 'by hand');
    }
    await engine.recoverDisabledModels();
  }

  test('loses the oldest and is told how many', async () => {
    const engine = quiet();
    const [events, counts] = ['onEvent', 'onInvalidate'].map((subscribe) => listen(engine, subscribe).events);
    await flood(engine, 5000);
    for (const told of [events, counts]) {
      expect(told).toHaveLength(MOST_WAITING);
      expect(told[0]).toMatchObject({ dropped: 5000 - MOST_WAITING, sequence: 5001 - MOST_WAITING });
      expect(told.slice(1).every(({ dropped }) => dropped === 0)).toBe(true);
      expect(sequences(told)).toEqual(upTo(5000).slice(-MOST_WAITING));
    }
    engine.disableModel('b', 'by hand');
    await engine.recoverDisabledModels();
    expect(events.at(-1)).toMatchObject({ sequence: 5001, dropped: 0 });
  });

  test('loses nothing as long as no more wait than may', async () => {
    const engine = quiet();
    const { events } = listen(engine);
    await flood(engine, MOST_WAITING);
    expect(events).toHaveLength(MOST_WAITING);
    expect(events[0].dropped).toBe(0);
  });
});

test('predictions that run at once leave exact counts', async () => {
  const upstream = await upstreamFor(({ model }) => (model === 'bad' ? 'prose' : 'clean'));
  const engine = engineFor(chain(upstream, { bad: { fallbacks: ['good'] }, good: {} }));
  const { events } = listen(engine);
  const counts = listen(engine, 'onInvalidate').events;
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => (
    engine.predictWithFallback({ modelId: 'bad', matches: [another()] })
  )));
  expect(outcomes.every(({ modelId }) => modelId === 'good')).toBe(true);
  expect(events.filter(({ type }) => type === 'disabled')).toMatchObject([{ modelId: 'bad', consecutiveFailures: 5 }]);
  expect(counts).toMatchObject([{ activeModelCount: 1, sequence: 1 }]);
  expect(events.filter(({ type }) => type === 'fallback')).toHaveLength(50);
  expect(sequences(events)).toEqual(upTo(51));
});
