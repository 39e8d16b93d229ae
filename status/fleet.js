'use strict';

/** What all members of a fleet came to, in the shapes of a `Status`; read from Redis at most once in two seconds for all who ask. */

const KEPT_MS = 2000;

/** The routes of today and the last days, as a `Status` has them. */
function inStatus({ state, members, activeModelCount, budget, days }) {
  return {
    state, members, activeModelCount, budget,
    routes: days.find(({ day }) => day === budget.day)?.routes ?? [],
    days: days.map(({ routes, models, ...day }) => ({
      ...day, models: models.map(({ modelId, attempts, successes, costUsd }) => ({ modelId, attempts, answered: successes, costUsd })),
    })),
  };
}

exports.inStatus = inStatus;

exports.Fleet = class Fleet {
  #engine;
  #read = null;
  #until = 0;

  constructor(engine) {
    this.#engine = engine;
  }

  /** Null if the engine belongs to no fleet. */
  async read() {
    if (this.#engine.getStatus().fleet === null) return null;
    if (this.#read === null || performance.now() > this.#until) {
      this.#until = performance.now() + KEPT_MS;
      this.#read = this.#engine.getFleetStatus().then(inStatus);
      this.#read.catch(() => { this.#read = null; });
    }
    return this.#read;
  }
};
