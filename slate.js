'use strict';

/**
 * The object that `predictSlate` returns. The addon runs the slate and keeps what it has to tell; this class fetches it in
 * batches, keeps what a slow reader has not taken yet, and hands it over one by one.
 */

/** The shortest time between two events that tell only of numbers, in milliseconds. */
const SHORTEST_TICK = 100;

/** Names the method by which somebody beside the reader is told of each event, as it comes; it must not throw. */
const observe = Symbol('fallcast.observe');

class Slate {
  #run;
  #signal;
  #result;
  /** What is told and not yet taken; bounded by the cells, for each is told of once. */
  #events = [];
  #outcomes = [];
  #isOver = false;
  #isRead = false;
  /** Wakes the reader. */
  #wake = null;
  /** Whether the numbers changed since they were told. */
  #isChanged = true;
  #toldAt = -Infinity;
  #last = null;
  #observer = null;

  constructor(run, signal) {
    this.#run = run;
    this.#signal = signal;
    run.ended.catch(() => {});
    this.#result = this.#fetch().finally(() => {
      this.#isOver = true;
      this.#wake?.();
    });
    // Whoever asks for the result is told of its rejection; if nobody does, nobody need be.
    this.#result.catch(() => {});
  }

  get plan() {
    return this.#run.plan;
  }

  progress() {
    return this.#run.progress();
  }

  result() {
    return this.#result.then((outcome) => outcome);
  }

  cancel() {
    this.#run.cancel();
  }

  [observe](observer) {
    this.#observer = observer;
  }

  [Symbol.asyncIterator]() {
    if (this.#isRead) {
      const message = 'slate: is read already, and gives its events to one reader';
      throw Object.assign(new Error(message), { code: 'INVALID_REQUEST', retryable: false, retryAfterMs: null });
    }
    this.#isRead = true;
    return new Events(() => this.#next(), () => this.#leave());
  }

  /** Takes whatever the addon has, until the slate has ended. */
  async #fetch() {
    for (;;) {
      const { events, end } = await this.#run.next();
      for (const event of events) {
        if (event.type === 'answered') this.#outcomes.push(event.outcome);
        else event.error = errorOf(event.error);
        this.#events.push(event);
        this.#observer?.(event);
      }
      this.#isChanged = true;
      if (end) {
        await this.#run.ended;
        return this.#endedWith(end);
      }
      this.#wake?.();
    }
  }

  #endedWith({ error, ...end }) {
    const { missing, consensus, costUsd, durationMs, complete } = end;
    const outcome = { outcomes: this.#outcomes, missing, consensus, costUsd, durationMs, complete };
    if (!error) return outcome;
    const failed = errorOf({ ...error, costUsd });
    if (failed.code === 'ABORT_ERR' && this.#signal?.reason !== undefined) failed.cause = this.#signal.reason;
    throw Object.assign(failed, { outcome });
  }

  /** The next event; undefined after the last. */
  async #next() {
    for (;;) {
      const now = performance.now();
      if (this.#isChanged && this.#last === null && now - this.#toldAt >= SHORTEST_TICK) {
        this.#isChanged = false;
        this.#toldAt = now;
        return { type: 'progress', progress: this.progress() };
      }
      if (this.#events.length > 0) return this.#events.shift();
      if (this.#isOver) {
        if (this.#last !== null) return undefined;
        this.#last = { type: 'progress', progress: this.progress() };
        return this.#last;
      }
      const timer = await new Promise((resolve) => {
        const due = this.#isChanged ? setTimeout(resolve, SHORTEST_TICK) : undefined;
        this.#wake = () => resolve(due);
      });
      this.#wake = null;
      clearTimeout(timer);
    }
  }

  /** The reader left: nothing is left running when this is settled. */
  async #leave() {
    this.cancel();
    this.#events = [];
    await this.#result.catch(() => {});
  }
}

/** The iterator of a slate. Calls of `next` that overlap are answered in order. */
class Events {
  #next;
  #leave;
  #isDone = false;
  #last = Promise.resolve();

  constructor(next, leave) {
    this.#next = next;
    this.#leave = leave;
  }

  next() {
    const read = async () => {
      const value = this.#isDone ? undefined : await this.#next();
      if (value !== undefined) return { value, done: false };
      this.#isDone = true;
      return { value, done: true };
    };
    this.#last = this.#last.then(read);
    return this.#last;
  }

  async return(value) {
    if (!this.#isDone) {
      this.#isDone = true;
      await this.#leave();
    }
    return { value, done: true };
  }

  async throw(error) {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** A `FallcastError` of its fields. */
function errorOf({ cause, ...fields }) {
  return Object.assign(new Error(fields.message), fields);
}

/** Makes `predictSlate` of the addon return a slate that can be iterated. */
module.exports = function withSlates(addon) {
  const wrap = (begin) => function predictSlate(request, options) {
    return new Slate(begin.call(this, request, options), options?.signal);
  };
  addon.predictSlate = wrap(addon.predictSlate);
  addon.Fallcast.prototype.predictSlate = wrap(addon.Fallcast.prototype.predictSlate);
  return addon;
};
module.exports.observe = observe;
