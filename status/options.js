'use strict';

/** The options of a page. */
const { Options } = require('../options.js');

/** What a page asks of an engine, or of the module, whose functions ask the engine that the process shares. */
const NEEDED = ['getStatus', 'getFleetStatus', 'getMetricsText', 'explain', 'onEvent', 'disableModel', 'enableModel', 'activatePrompts'];

exports.readOptions = function readOptions(engine, given) {
  const options = new Options(engine, NEEDED, given);
  const title = options.read('title', 'Fallcast', (value) => typeof value === 'string' && /^.{1,100}$/u.test(value), 'a text of 1 to 100 characters on one line');
  const basePath = options.read('basePath', '', (value) => typeof value === 'string' && /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*\/?$/.test(value), 'a path such as "/status"');
  const authorize = options.read('authorize', undefined, (value) => typeof value === 'function', 'a function');
  const actions = options.boolean('actions');
  const maxStreams = options.read('maxStreams', 1000, (value) => Number.isInteger(value) && value >= 1 && value <= 100_000, 'a whole number from 1 to 100000');
  if (actions && !authorize) options.refuse('options.authorize', 'is required with actions, for whoever reads the page could switch models off');
  options.check();
  return { title, basePath: basePath.replace(/\/$/, ''), authorize, actions, maxStreams };
};
