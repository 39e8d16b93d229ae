import { describe, expect, test } from 'vitest';

import { fail, listen, quiet as engineOf, stateOf, thrown } from './support.mjs';

const quiet = (models = ['a', 'b', 'c', 'd'], config = {}) => engineOf(models, config);
/** An ISO 8601 time so many milliseconds from now. */
const inMs = (ms) => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;

/** An engine of which something is known of every model, and of the provider. */
function lived() {
  const engine = quiet();
  engine.disableModel('a', 'broken "again" ☂');
  fail(engine, 'b', 5);
  engine.reportSuccess('c');
  fail(engine, 'c', 3, 'truncated');
  fail(engine, 'c', 1, 'rate_limited');
  fail(engine, 'd', 4, 'network');
  fail(engine, 'd', 1, 'unauthorized');
  return engine;
}

describe('a snapshot', () => {
  test('is plain JSON with a version', () => {
    const snapshot = lived().snapshot();
    expect(snapshot.version).toBe(1);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(Math.abs(Date.parse(snapshot.takenAt) - Date.now())).toBeLessThan(60_000);
    const day = snapshot.takenAt.slice(0, 10);
    expect(quiet().snapshot()).toEqual({
      version: 1,
      takenAt: expect.any(String),
      models: {},
      providers: {},
      spend: { day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), microUsd: {} },
      pinnedPrompts: null,
    });
    expect(snapshot.spend.day >= day).toBe(true);
  });

  test('gives another engine the same state, and the same count at once', async () => {
    const engine = lived();
    const snapshot = JSON.parse(JSON.stringify(engine.snapshot()));
    const other = quiet();
    const { events } = listen(other);
    const counts = listen(other, 'onInvalidate').events;
    expect(await other.getActiveModelCount()).toBe(4);
    other.restore(snapshot);
    expect(await other.getActiveModelCount()).toBe(2);
    await other.recoverDisabledModels();
    expect(events).toMatchObject([{ type: 'restored', ignoredModelIds: [], sequence: 1 }]);
    expect(counts).toMatchObject([{ cause: 'restored', modelId: null, activeModelCount: 2 }]);

    // Both engines count milliseconds from their own beginning, so that a time may be off by one.
    const near = (time) => expect.toSatisfy((value) => Math.abs(Date.parse(value) - Date.parse(time)) < 50);
    const expected = (model) => Object.fromEntries(Object.entries(model).map(([name, value]) => (
      [name, name.endsWith('Until') && value ? near(value) : value]
    )));
    expect(other.getModels()).toEqual(engine.getModels().map(expected));
  });

  test('taken over once more changes nothing', async () => {
    const snapshot = lived().snapshot();
    const other = quiet();
    other.restore(snapshot);
    const counts = listen(other, 'onInvalidate').events;
    other.restore(snapshot);
    await other.recoverDisabledModels();
    expect(counts).toEqual([]);
  });

  test('can be taken of a closed engine', async () => {
    const engine = lived();
    const before = engine.snapshot();
    await engine.close();
    expect({ ...engine.snapshot(), takenAt: before.takenAt }).toEqual(before);
  });

  test('carries failures in a row over a restart', () => {
    const other = quiet();
    other.restore(lived().snapshot());
    fail(other, 'c', 2);
    expect(stateOf(other, 'c').state).toBe('disabled');
  });
});

describe('of two states', () => {
  const disabled = (changedAt) => ({
    version: 1, models: { a: { changedAt, failures: 5, disabled: { until: null, reason: 'there' } } },
  });

  test('the later wins: theirs', () => {
    const engine = quiet();
    engine.reportSuccess('a');
    engine.restore(disabled(inMs(1000)));
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'disabled', disabledReason: 'there' });
  });

  test('the later wins: ours', () => {
    const engine = quiet();
    engine.reportSuccess('a');
    engine.restore(disabled(inMs(-1000)));
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', disabledReason: null });
  });

  test('a model that is off here comes back with a later state that is on', async () => {
    const engine = quiet();
    engine.disableModel('a', 'here');
    engine.restore({ version: 1, models: { a: { changedAt: inMs(1000), failures: 1 } } });
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 1, disabledReason: null });
    expect(await engine.getActiveModelCount()).toBe(4);
  });

  test('a result that was on its way when the other was taken over changes nothing', () => {
    const engine = quiet();
    engine.restore(disabled(inMs(1000)));
    fail(engine, 'a', 3);
    engine.reportSuccess('a');
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'disabled', consecutiveFailures: 5 });
  });
});

test('a time that has passed meanwhile brings the model back', async () => {
  const engine = quiet(['a'], { cooldownMs: HOUR });
  const { next } = listen(engine);
  const counts = listen(engine, 'onInvalidate').events;
  engine.restore({
    version: 1,
    models: { a: { changedAt: inMs(-HOUR), failures: 5, disables: 1, disabled: { until: inMs(-1), reason: 'then' } } },
  });
  expect(await next('recovered')).toMatchObject({ modelId: 'a', consecutiveFailures: 2 });
  const inShort = counts.map(({ cause, activeModelCount }) => [cause, activeModelCount]);
  expect(inShort).toEqual([['restored', 0], ['recovered', 1]]);
});

test('models that the catalogue does not have are ignored, and told', async () => {
  const engine = quiet();
  const { next } = listen(engine);
  const state = { changedAt: inMs(0), disabled: { until: null, reason: 'there' } };
  // Parsed, for a literal would not make a field of that name.
  const models = JSON.parse(JSON.stringify({ b: state, stranger: state, proto: state }).replace('proto', '__proto__'));
  engine.restore({ version: 1, models, providers: { nobody: { coolingUntil: inMs(HOUR), kind: 'unauthorized' } } });
  const { ignoredModelIds } = await next('restored');
  expect(ignoredModelIds.toSorted()).toEqual(['__proto__', 'stranger']);
  expect(Object.keys(engine.snapshot().models)).toEqual(['b']);
  expect(engine.snapshot().providers).toEqual({});
  expect({}.changedAt).toBeUndefined();
});

test('a model that is not active anyhow changes no count', async () => {
  const engine = quiet({ a: {}, b: { enabled: false } });
  const counts = listen(engine, 'onInvalidate').events;
  engine.restore({ version: 1, models: { b: { changedAt: inMs(0), disabled: { until: null, reason: 'there' } } } });
  await engine.recoverDisabledModels();
  expect(counts).toEqual([]);
});

test('times are never further away than the longest cooldown', () => {
  const engine = quiet();
  const far = '9999-12-31T23:59:59Z';
  const model = { changedAt: inMs(0), disabled: { until: far, reason: 'there' }, coolingUntil: far };
  engine.restore({ version: 1, models: { a: model }, providers: { p: { coolingUntil: far, kind: 'unauthorized' } } });
  const { disabledUntil, coolingUntil } = stateOf(engine, 'a');
  expect(Date.parse(disabledUntil)).toBeLessThanOrEqual(Date.now() + 24 * HOUR);
  expect(Date.parse(coolingUntil)).toBeLessThanOrEqual(Date.now() + HOUR);
  expect(Date.parse(stateOf(engine, 'b').coolingUntil)).toBeLessThanOrEqual(Date.now() + 60_000);
});

test('failures are never more than the threshold', () => {
  const engine = quiet(['a', 'b'], { disableThreshold: 3 });
  const state = { changedAt: inMs(0), failures: 255, disables: 255, transientFailures: 255, coolings: 255 };
  engine.restore({ version: 1, models: { a: state, b: { ...state, disabled: { until: null, reason: 'there' } } } });
  expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 2 });
  expect(stateOf(engine, 'b')).toMatchObject({ state: 'disabled', consecutiveFailures: 3 });
});

describe('what is no snapshot is refused whole', () => {
  const nested = (depth) => (depth === 0 ? 1 : { deeper: nested(depth - 1) });
  const cycle = { version: 1 };
  cycle.models = cycle;
  const model = (fields) => ({ version: 1, models: { a: { changedAt: '2025-10-19T15:30:00Z', ...fields } } });
  const cases = [
    ['snapshot', undefined], ['snapshot', null], ['snapshot', '{"version":1}'], ['snapshot', []], ['snapshot', 1],
    ['snapshot.version', {}], ['snapshot.version', { version: 2, news: {} }], ['snapshot.version', { version: '1' }],
    ['snapshot.version', { version: 1.5 }], ['snapshot.version', { version: Number.NaN }],
    ['snapshot.models', { version: 1, models: [] }],
    ['snapshot.more', { version: 1, more: true }],
    ['snapshot.models', { version: 1, models: new Map() }],
    ['snapshot.models.a', { version: 1, models: { a: 5 } }],
    ['snapshot.models.a.changedAt', { version: 1, models: { a: {} } }],
    ['snapshot.models.a.changedAt', model({ changedAt: new Date() })],
    ['snapshot.models.a.changedAt', model({ changedAt: 'x'.repeat(1_000_000) })],
    ['snapshot.models.a.changedAt', model({ changedAt: '2025-13-01T00:00:00Z' })],
    ['snapshot.models.a.changedAt', model({ changedAt: 0 })],
    ['snapshot.models.a.failures', model({ failures: 1e308 })],
    ['snapshot.models.a.failures', model({ failures: -1 })],
    ['snapshot.models.a.failures', model({ failures: Number.NaN })],
    ['snapshot.models.a.disables', model({ disables: 256 })],
    ['snapshot.models.a.coolings', model({ coolings: 0.5 })],
    ['snapshot.models.a.disabled', model({ disabled: true })],
    ['snapshot.models.a.disabled.until', model({ disabled: { until: 'never' } })],
    ['snapshot.models.a.disabled.why', model({ disabled: { why: '' } })],
    ['snapshot.models.a.lastFailure.kind', model({ lastFailure: { kind: 'tired', at: '2025-10-19T15:30:00Z' } })],
    ['snapshot.models.a.lastSuccessAt', model({ lastSuccessAt: 1n })],
    ['snapshot.providers.p.kind', { version: 1, providers: { p: { coolingUntil: '2025-10-19T15:30:00Z' } } }],
    ['snapshot', { version: 1, get models() { throw new Error('hostile'); } }],
    ['snapshot', new Proxy({}, { ownKeys() { throw new Error('hostile'); } })],
  ];
  test.each(cases)('%s: case %#', (path, snapshot) => {
    const engine = lived();
    const before = engine.snapshot();
    const { events } = listen(engine);
    const error = thrown(() => engine.restore(snapshot));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message.split(':')[0]).toBe(path);
    expect(error.message.length).toBeLessThan(1000);
    expect({ ...engine.snapshot(), takenAt: before.takenAt }).toEqual(before);
    expect(events).toEqual([]);
  });

  test.each([['deep', nested(10_000)], ['without end', cycle]])('%s', (_, snapshot) => {
    expect(thrown(() => quiet().restore(snapshot)).code).toBe('INVALID_CONFIG');
  });

  test('all its faults are told at once', () => {
    const error = thrown(() => quiet().restore(model({ failures: -1, coolings: 'many', coolingUntil: 'later' })));
    expect(error.message.split('\n')).toHaveLength(3);
  });
});
