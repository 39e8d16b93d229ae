'use strict';

/** Options of what stands beside the engine, checked: every fault at once, each with its path. */

/** A value as a fault shows it: short, and never what is in an object. */
function shown(value) {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** The options that were given for an engine, and what is wrong with them. */
exports.Options = class Options {
  #given;
  #known = [];
  #faults = [];

  /** `needed`: the functions that the engine must have. */
  constructor(engine, needed, given) {
    const missing = needed.filter((name) => typeof engine?.[name] !== 'function');
    if (missing.length > 0) this.refuse('engine', `must be an engine, or what 'fallcast' exports; it has no ${missing.join(', ')}`);
    this.#given = given ?? {};
    if (typeof this.#given !== 'object' || Array.isArray(this.#given)) {
      this.refuse('options', `must be an object, got ${shown(given)}`);
      this.#given = {};
    }
  }

  /** The field, or its default where it is left out; a fault unless `is` likes it. `secret`: what was given is not shown. */
  read(name, byDefault, is, wanted, { secret = false } = {}) {
    this.#known.push(name);
    const value = this.#given[name] ?? byDefault;
    if (value === byDefault || is(value)) return value;
    this.refuse(`options.${name}`, secret ? `must be ${wanted}` : `must be ${wanted}, got ${shown(value)}`);
    return byDefault;
  }

  boolean(name) {
    return this.read(name, false, (value) => typeof value === 'boolean', 'true or false');
  }

  /** Adds a fault. */
  refuse(path, problem) {
    this.#faults.push(`${path}: ${problem}`);
  }

  /** Throws what is wrong, unknown fields among it. */
  check() {
    for (const name of Object.keys(this.#given)) if (!this.#known.includes(name)) this.refuse(`options.${name}`, 'unknown field');
    if (this.#faults.length > 0) throw Object.assign(new Error(this.#faults.join('\n')), { code: 'INVALID_CONFIG' });
  }
};
