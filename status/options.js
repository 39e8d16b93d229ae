'use strict';

/** The options of a page, checked: every fault at once, each with its path. */

const KNOWN = ['title', 'basePath', 'authorize', 'actions', 'maxStreams'];
/** What a page asks of an engine, or of the module, whose functions ask the engine that the process shares. */
const NEEDED = ['getStatus', 'getMetricsText', 'explain', 'onEvent', 'disableModel', 'enableModel', 'activatePrompts'];

const shown = (value) => (typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : Array.isArray(value) ? 'an array' : typeof value === 'object' && value !== null ? 'an object' : typeof value === 'function' ? 'a function' : String(value));

exports.readOptions = function readOptions(engine, given) {
  let options = given ?? {};
  const faults = [];
  const missing = NEEDED.filter((name) => typeof engine?.[name] !== 'function');
  if (missing.length > 0) faults.push(`engine: must be an engine, or what 'fallcast' exports; it has no ${missing.join(', ')}`);
  if (typeof options !== 'object' || Array.isArray(options)) {
    faults.push(`options: must be an object, got ${shown(options)}`);
    options = {};
  }
  /** The field, or its default where it is left out; a fault unless `is` likes it. */
  const read = (name, byDefault, is, wanted) => {
    const value = options[name] ?? byDefault;
    if (value === byDefault || is(value)) return value;
    faults.push(`options.${name}: must be ${wanted}, got ${shown(value)}`);
    return byDefault;
  };
  const title = read('title', 'Fallcast', (value) => typeof value === 'string' && /^.{1,100}$/u.test(value), 'a text of 1 to 100 characters on one line');
  const basePath = read('basePath', '', (value) => typeof value === 'string' && /^(\/[\w.~-]+)*\/?$/.test(value), 'a path such as "/status"');
  const authorize = read('authorize', undefined, (value) => typeof value === 'function', 'a function');
  const actions = read('actions', false, (value) => typeof value === 'boolean', 'true or false');
  const maxStreams = read('maxStreams', 1000, (value) => Number.isInteger(value) && value >= 1 && value <= 100_000, 'a whole number from 1 to 100000');
  if (actions && !authorize) faults.push('options.authorize: is required with actions, for whoever reads the page could switch models off');
  for (const name of Object.keys(options)) if (!KNOWN.includes(name)) faults.push(`options.${name}: unknown field`);
  if (faults.length > 0) throw Object.assign(new Error(faults.join('\n')), { code: 'INVALID_CONFIG' });
  return { title, basePath: basePath.replace(/\/$/, ''), authorize, actions, maxStreams };
};
