'use strict';

/**
 * The half of the crossing between JavaScript and Rust that runs in JavaScript. What goes in is gathered as one text and
 * numbers until the turn ends; what comes back arrives in batches of the same kind, and is made into objects here, for to
 * cross is dear and to build is not. `src/binding/realm.rs` is the other half, `src/binding/flat.rs` says how values are
 * written.
 *
 * What it uses of JavaScript's own is taken when the package is loaded, so that nobody changes it afterwards.
 */
const { types: { isPromise, isProxy } } = require('node:util');

const { assign, defineProperty } = Object;
const { apply } = Reflect;
const { isArray } = Array;
const { captureStackTrace } = Error;
const [MakeError, MakePromise, MakeMap, MakeWeakRef, MakeInt32Array, MakeFloat64Array] = [Error, Promise, Map, WeakRef, Int32Array, Float64Array];
const now = performance.now.bind(performance);
const uncurried = (method) => Function.prototype.call.bind(method);
const substring = uncurried(String.prototype.substring);
const then = uncurried(Promise.prototype.then);
const join = uncurried(Array.prototype.join);
const [get, set, remove] = [uncurried(Map.prototype.get), uncurried(Map.prototype.set), uncurried(Map.prototype.delete)];
const [getOwned, setOwned] = [uncurried(WeakMap.prototype.get), uncurried(WeakMap.prototype.set)];
const deref = uncurried(WeakRef.prototype.deref);

/** How a value is written, as `src/binding/flat.rs` has it; a text is its length above `TEXT`. */
const [UNDEFINED, FALSE, TRUE, DOUBLE, INTEGER, ARRAY, OBJECT, MAP, LONG_TEXT, ANOTHER_TEXT, TEXT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16];
/** What stands in a batch. */
const [TOLD, FORGOTTEN, RESOLVED, REJECTED] = [0, 1, 2, 3];

/** What is read now: codes, numbers and texts, and how far. */
let [codes, doubles, text, texts] = [new MakeInt32Array(1 << 14), new MakeFloat64Array(1 << 12), '', undefined];
let [code, double, place, longText] = [0, 0, 0, 0];

/** The objects that cross most often. Each is built by a literal that has the fields in the order in which they are read. */
const LITERALS = [
  () => ({
    callId: value(), requestId: value(), predictions: value(), missingMatchIds: value(), originalModelId: value(),
    modelId: value(), usedFallback: value(), fallbackModelId: value(), fallbackReason: value(), attempts: value(),
    skips: value(), costUsd: value(), originalCostUsd: value(), usage: value(), promptVersion: value(),
    overrides: value(), reasoning: value(), rawResponse: value(), durationMs: value(),
  }),
  () => ({
    modelId: value(), providerId: value(), promptVersion: value(), overrides: value(), failure: value(),
    message: value(), status: value(), responseModel: value(), retries: value(), startedAt: value(), durationMs: value(),
    usage: value(), costUsd: value(), adjusted: value(),
  }),
  () => ({ matchId: value(), homeScore: value(), awayScore: value(), modelId: value() }),
  () => ({
    promptTokens: value(), completionTokens: value(), cachedTokens: value(), reasoningTokens: value(), estimated: value(),
  }),
  () => ({ parameter: value(), from: value(), to: value() }),
  () => ({
    id: value(), providerId: value(), state: value(), retiresOn: value(), consecutiveFailures: value(),
    disabledUntil: value(), disabledReason: value(), coolingUntil: value(), lastFailure: value(), lastSuccessAt: value(),
    costTodayUsd: value(), windows: value(), trend: value(),
  }),
  () => ({ kind: value(), at: value() }),
  () => ({ fiveMinutes: value(), hour: value(), day: value() }),
  () => ({ attempts: value(), answered: value(), p50Ms: value(), p95Ms: value(), costUsd: value() }),
  () => ({
    task: value(), originalModelId: value(), modelId: value(), reason: value(), calls: value(), successes: value(),
    share: value(), costUsd: value(), originalCostUsd: value(), extraCostUsd: value(), sentence: value(),
  }),
  () => ({ modelId: value(), spentUsd: value(), reservedUsd: value(), uncertainUsd: value() }),
  () => ({ modelId: value(), attempts: value(), answered: value(), costUsd: value() }),
  () => ({
    callId: value(), requestId: value(), task: value(), originalModelId: value(), modelId: value(), reason: value(),
    code: value(), startedAt: value(), durationMs: value(), costUsd: value(), originalCostUsd: value(), asked: value(),
    answered: value(), attempts: value(), skips: value(),
  }),
  () => ({
    modelId: value(), providerId: value(), failure: value(), status: value(), retries: value(), startedAt: value(),
    durationMs: value(), costUsd: value(),
  }),
  () => ({
    type: value(), originalModelId: value(), modelId: value(), reason: value(), promptVersion: value(),
    overrides: value(), callId: value(), requestId: value(), sequence: value(), at: value(),
  }),
];

/** The shapes of objects, by their numbers: the fields in order, and what builds one. The first has none. */
const shapes = [{ keys: [], build: () => ({}) }];
const builders = new MakeMap();

/** Learns shapes: each is another one and a field more. */
function learn(parents, keys) {
  for (let index = 0; index < parents.length; index += 1) {
    const known = [...shapes[parents[index]].keys, keys[index]];
    shapes[shapes.length] = { keys: known, build: get(builders, join(known, ' ')) ?? builderOf(known) };
  }
}

/** Builds an object of any fields. */
function builderOf(keys) {
  const blank = {};
  for (const key of keys) defineProperty(blank, key, { value: null, writable: true, enumerable: true, configurable: true });
  return () => {
    const object = { ...blank };
    for (let index = 0; index < keys.length; index += 1) object[keys[index]] = value();
    return object;
  };
}

for (const build of LITERALS) {
  // Nothing is written yet, so every field reads as null, and none moves the places.
  set(builders, join(Object.keys(build()), ' '), build);
  code = 0;
}

/** Reads the next value. */
function value() {
  const tag = codes[code++];
  if (tag >= TEXT) {
    const from = place;
    place += tag - TEXT;
    return substring(text, from, place);
  }
  switch (tag) {
    case FALSE: return false;
    case TRUE: return true;
    case DOUBLE: return doubles[double++];
    case INTEGER: return codes[code++];
    case ARRAY: {
      const array = [];
      for (let index = 0, length = codes[code++]; index < length; index += 1) array[index] = value();
      return array;
    }
    case OBJECT: return shapes[codes[code++]].build();
    case MAP: {
      const shape = codes[code++];
      let more = codes[code++];
      const object = shapes[shape].build();
      // Fields whose names are not among the shapes'.
      for (; more > 0; more -= 1) {
        const key = value();
        defineProperty(object, key, { value: value(), writable: true, enumerable: true, configurable: true });
      }
      return object;
    }
    case LONG_TEXT: return texts[longText++];
    case ANOTHER_TEXT:
      text = texts[longText++];
      place = 0;
      return value();
    case UNDEFINED: return undefined;
    default: return null;
  }
}

/** Reads what was written, from the beginning. */
function open(givenText, givenTexts) {
  text = givenText;
  texts = givenTexts;
  code = double = place = longText = 0;
}

/** Lets go of the texts that were read. Whoever keeps one that was cut from them keeps them, and nothing more. */
function close() {
  text = '';
  texts = undefined;
}

/** The value that was written. */
function take(givenText, givenTexts) {
  open(givenText, givenTexts);
  const taken = value();
  close();
  return taken;
}

/** Takes a batch: reads all of it, then calls listeners and settles promises in the order of the batch. */
function deliver(length, givenText, givenTexts, causes) {
  open(givenText, givenTexts);
  const items = [];
  let count = 0;
  while (code < length) {
    items[count++] = codes[code++];
    items[count++] = codes[code++];
    items[count++] = codes[code++];
    items[count++] = value();
  }
  close();
  for (let index = 0; index < count; index += 4) {
    const kind = items[index];
    const number = items[index + 1];
    const more = items[index + 2];
    const what = items[index + 3];
    if (kind === TOLD) tell(number, more, what);
    else if (kind === FORGOTTEN) letGo(number);
    else settle(number, kind, what, more > 0, causes[more - 1]);
  }
}

/** Makes room for a batch: at least so many codes and numbers. */
function makeRoom(codesNeeded, doublesNeeded) {
  if (codes.length < codesNeeded) codes = new MakeInt32Array(codesNeeded * 2);
  if (doubles.length < doublesNeeded) doubles = new MakeFloat64Array(doublesNeeded * 2);
  return [codes, doubles];
}

/** The promises that are pending, each at its number, which is given again when it has settled. */
const pending = [];
const free = [];
let freed = 0;

/** Keeps what settles a promise until then, and with it the engine whose listeners are to live so long. */
function hold(entry) {
  const number = freed > 0 ? free[--freed] : pending.length;
  pending[number] = entry;
  return number;
}

/** What `top` makes of an error: the functions of this file are not in its stack. */
let top;

/** A promise that is settled when its number is; what it would be rejected with tells in its stack who called. */
function expect(owner) {
  const entry = { resolve: undefined, reject: undefined, error: new MakeError(''), refused: undefined, owner };
  captureStackTrace(entry.error, top ?? expect);
  const promise = new MakePromise((resolve, reject) => {
    entry.resolve = resolve;
    entry.reject = reject;
  });
  return [hold(entry), promise];
}

/** Settles a promise. */
function settle(number, kind, what, hasCause, cause) {
  const entry = pending[number];
  if (entry === undefined) return;
  pending[number] = undefined;
  free[freed++] = number;
  if (kind === RESOLVED) {
    entry.resolve(what);
  } else if (entry.error === undefined) {
    entry.refused = [what, hasCause, cause];
    entry.reject();
  } else {
    entry.reject(filled(entry.error, what, hasCause, cause));
  }
}

/**
 * An error made when a call is made tells by its whole stack who called, but takes the thread half of what it needs for the
 * call. So not more than `MOST_STACKS` are made in `PERIOD_MS`; the error of a further call is made when it is rejected, and
 * tells which async functions wait for it.
 */
const MOST_STACKS = 50;
const PERIOD_MS = 100;
let stacksLeft = 0;
let renewedAt = -Infinity;

/** Whether the error of a call is to be made now. */
function isMadeEarly() {
  // The clock is asked once for all that is gathered.
  if (asked[0] === 0) {
    const time = now();
    if (time - renewedAt >= PERIOD_MS) {
      stacksLeft = MOST_STACKS;
      renewedAt = time;
    }
  }
  if (stacksLeft === 0) return false;
  stacksLeft -= 1;
  return true;
}

/** The promise of a call whose error is made late: here, where V8 still knows who waits. */
async function madeLate(promise, entry) {
  try {
    return await promise;
  } catch (thrown) {
    // Somebody's `then` of every object threw it.
    if (entry.refused === undefined) throw thrown;
    const error = new MakeError('');
    captureStackTrace(error, madeLate);
    throw filled(error, entry.refused[0], entry.refused[1], entry.refused[2]);
  }
}

/** An error that says what there is to say, its fields in their order. */
function filled(error, fields, hasCause, cause) {
  if (hasCause) fields.cause = cause;
  else delete fields.cause;
  try {
    assign(error, fields);
  } catch {
    // Somebody's setter on a prototype. What could be set is.
  }
  return error;
}

/** A promise that is rejected already, with what was written. */
function refuse(givenText, givenTexts, causes) {
  const error = new MakeError('');
  captureStackTrace(error, top ?? refuse);
  const fields = take(givenText, givenTexts);
  return new MakePromise((resolve, reject) => reject(filled(error, fields, causes.length > 0, causes[0])));
}

/** The functions that are told something, by their numbers; those of an owner live as long as it does. */
const listeners = new MakeMap();
const owned = new WeakMap();
let lastListener = 0;

function listen(listener, owner) {
  const number = lastListener += 1;
  if (owner === undefined || owner === null) {
    set(listeners, number, { listener, weak: undefined, others: undefined });
    return number;
  }
  let others = getOwned(owned, owner);
  if (others === undefined) setOwned(owned, owner, others = new MakeMap());
  set(others, number, listener);
  set(listeners, number, { listener: undefined, weak: new MakeWeakRef(listener), others: new MakeWeakRef(others) });
  return number;
}

/** Never calls that function again, whatever waits for it. */
function letGo(number) {
  const known = get(listeners, number);
  if (known === undefined) return;
  remove(listeners, number);
  const others = known.others && deref(known.others);
  if (others !== undefined) remove(others, number);
}

function ignore() {}

/** Calls a listener. It must not change what it is told of, so what it throws, or its promise rejects with, is dropped. */
function tell(number, dropped, told) {
  const known = get(listeners, number);
  if (known === undefined) return;
  const listener = known.weak === undefined ? known.listener : deref(known.weak);
  if (listener === undefined) return;
  try {
    told.dropped = dropped;
    const returned = listener(told);
    if (isPromise(returned)) then(returned, undefined, ignore);
  } catch {
    // It is the listener's own affair.
  }
}

/** What waits for the end of the turn: for one engine, the lengths of its texts, and the texts as one. */
const ABSENT = -1;
/** So much is gathered at most before it crosses: texts in UTF-16 code units, and numbers, of which a call may take `CALL`. */
const MOST_TEXT = 1 << 20;
const CALL = 610;
const asked = new MakeInt32Array(1 << 14);
let [engine, send, gathered, filledTo] = [undefined, undefined, '', 1];

/** A text that is longer is no usual one. */
const LONGEST = 1 << 16;
const MOST_ITEMS = 100;

const isText = (what) => typeof what === 'string' && what.length <= LONGEST;
const isTextOrNone = (what) => what === undefined || what === null || isText(what);

function isRecord(what) {
  try {
    return typeof what === 'object' && what !== null && !isArray(what);
  } catch {
    return false;
  }
}

function isList(what) {
  return typeof what === 'object' && what !== null && !isProxy(what) && isArray(what);
}

/** The fields of an item, in the order in which they are read. */
const FIELDS = ['id', 'homeTeam', 'awayTeam', 'competition', 'kickoff', 'analysis'];

/**
 * Reads a request, each field once and in the order in which Rust would; what was read is in `values`, up to the first that
 * is not usual. Whether all of it is.
 */
function read(request, values) {
  if (!isRecord(request)) return false;
  let count = 0;
  if (!isText(values[count++] = request.modelId)) return false;
  const items = values[count++] = request.matches;
  if (!isList(items)) return false;
  const { length } = items;
  if (length === 0 || length > MOST_ITEMS) return false;
  for (let index = 0; index < length; index += 1) {
    const item = values[count++] = items[index];
    if (!isRecord(item)) return false;
    if (!isText(values[count++] = item.id)) return false;
    if (!isText(values[count++] = item.homeTeam)) return false;
    if (!isText(values[count++] = item.awayTeam)) return false;
    if (!isTextOrNone(values[count++] = item.competition)) return false;
    if (!isTextOrNone(values[count++] = item.kickoff)) return false;
    if (!isTextOrNone(values[count++] = item.analysis)) return false;
  }
  const prompt = values[count++] = request.prompt;
  if (prompt !== undefined && prompt !== null) return false;
  return isTextOrNone(values[count++] = request.promptVersion);
}

/**
 * A request of which the first `values` were read: they stand in it as they came, and what follows is read from the
 * original when it is asked for. If reading the next one threw, it throws again.
 */
function rest(request, values, failure) {
  let count = 0;
  const put = (target, source, key) => {
    const at = count;
    count += 1;
    if (at < values.length) {
      defineProperty(target, key, { value: values[at], configurable: true });
      return values[at];
    }
    const get = at === values.length && failure ? () => { throw failure.thrown; } : () => source[key];
    defineProperty(target, key, { get });
    return undefined;
  };
  const known = {};
  put(known, request, 'modelId');
  const items = put(known, request, 'matches');
  if (values.length > 2 || (values.length === 2 && failure)) {
    const list = [];
    for (let index = 0; index < items.length; index += 1) {
      const item = put(list, items, index);
      if (!isRecord(item)) continue;
      const copy = {};
      for (const field of FIELDS) put(copy, item, field);
      defineProperty(list, index, { value: copy });
    }
    defineProperty(known, 'matches', { value: list });
  }
  put(known, request, 'prompt');
  put(known, request, 'promptVersion');
  return known;
}

/** Gathers a text, or that there is none. */
function gather(what) {
  if (what === undefined || what === null) {
    asked[filledTo++] = ABSENT;
  } else {
    asked[filledTo++] = what.length;
    gathered += what;
  }
}

/** Hands over what was gathered. */
function flush() {
  const calls = asked[0];
  if (calls === 0) return;
  const asking = engine;
  const sending = send;
  const texts = gathered;
  const length = filledTo;
  engine = send = undefined;
  gathered = '';
  filledTo = 1;
  asked[0] = 0;
  try {
    apply(sending, asking, [texts, length, calls]);
  } catch (error) {
    for (let at = 1; at < length; at += 4 + 6 * asked[at + 1]) {
      const message = `internal error: ${error.message}`;
      settle(asked[at], REJECTED, { message, code: 'INTERNAL_ERROR', retryable: false, retryAfterMs: null }, false);
    }
  }
}

/** Hands over what was gathered when the turn ends. `await` asks nothing that anybody could have replaced. */
async function flushLater() {
  await undefined;
  flush();
}

/** Gathers a call whose request was read; `error` is what its promise would be rejected with, if it is made already. */
function start(asking, sending, values, error) {
  if (asked[0] > 0 && (asking !== engine || filledTo + CALL > asked.length || gathered.length > MOST_TEXT)) flush();
  const entry = { resolve: undefined, reject: undefined, error, refused: undefined, owner: asking };
  const promise = new MakePromise((resolve, reject) => {
    entry.resolve = resolve;
    entry.reject = reject;
  });
  const last = values.length - 2;
  asked[filledTo++] = hold(entry);
  asked[filledTo++] = (last - 2) / 7;
  gather(values[0]);
  gather(values[last + 1]);
  for (let index = 2; index < last; index += 7) {
    gather(values[index + 1]);
    gather(values[index + 2]);
    gather(values[index + 3]);
    gather(values[index + 4]);
    gather(values[index + 5]);
    gather(values[index + 6]);
  }
  engine = asking;
  send = sending;
  asked[0] += 1;
  if (asked[0] === 1) flushLater();
  return error === undefined ? madeLate(promise, entry) : promise;
}

/** Knows objects without changing what anybody sees of them. */
class Known extends (function (object) { return object; }) {
  #known = true;

  static has(object) {
    return typeof object === 'object' && object !== null && #known in object;
  }
}

/**
 * Puts a `predictWithFallback` before the addon's own, `exact`, which takes whatever is not usual; `sending` takes what was
 * gathered. A method is one only of an engine that `exact` has known.
 */
function before(exact, sending, isMethod) {
  const { predictWithFallback } = { predictWithFallback(request, options) {
    let given = request;
    if ((options === undefined || options === null) && (!isMethod || Known.has(this))) {
      const values = [];
      let failure;
      let isUsual = false;
      try {
        isUsual = read(request, values);
      } catch (thrown) {
        failure = { thrown };
      }
      if (isUsual) return start(isMethod ? this : null, sending, values, isMadeEarly() ? new MakeError('') : undefined);
      if (values.length > 0 || failure) given = rest(request, values, failure);
    }
    const outer = top;
    top = predictWithFallback;
    try {
      const promise = apply(exact, this, [given, options]);
      if (isMethod && !Known.has(this)) new Known(this);
      return promise;
    } finally {
      top = outer;
    }
  } };
  return defineProperty(predictWithFallback, 'length', { value: exact.length });
}

/** Puts what stands here before an addon's functions, and takes away what is only for it. */
function face(binding) {
  const { Fallcast: { prototype }, submit } = binding;
  binding.predictWithFallback = before(binding.predictWithFallback, submit, false);
  prototype.predictWithFallback = before(prototype.predictWithFallback, prototype.submit, true);
  delete binding.submit;
  delete binding.receive;
  delete prototype.submit;
}

/** What the addon calls, and where it writes what is read here and reads whether anything is gathered. */
const half = { deliver, learn, makeRoom, expect, refuse, take, listen, letGo, flush, asked, codes, doubles, face };

/** Joins the two halves. A thread may load the addon more often; whatever it loads crosses by the half that came first. */
module.exports = function cross(binding) {
  if (binding.receive !== undefined) binding.receive(half).face(binding);
};
