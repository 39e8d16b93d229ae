'use strict';

/**
 * The half of `askWithFallback` that runs in JavaScript: it knows the schema, of whatever kind, and judges what was read by it. The
 * loop tells it what a reply may mean, and goes on by its verdict.
 */
const { at, compile } = require('./schema.js');

/** The largest schema, as JSON. */
const LARGEST = 256 * 1024;
/** Where it stands. */
const PATH = 'request.schema';

/** What is wrong with a value, in words: where and what. */
const inWords = (path, problem) => `${path} ${problem}`;

/** The check and the JSON Schema of whatever was given; faults where it is neither kind of schema. */
function formOf(schema) {
  if (schema === undefined || schema === null) return { faults: [] };
  const isFunction = typeof schema === 'function';
  const standard = isFunction || typeof schema === 'object' ? schema['~standard'] : undefined;
  if (typeof standard?.validate === 'function') {
    return { faults: [], schema: jsonSchemaOf(schema, standard) ?? 'null', check: byStandard(standard) };
  }
  if (typeof schema !== 'object' || Array.isArray(schema)) {
    return { faults: [[PATH, 'must be a JSON Schema or a Standard Schema, an object']] };
  }
  const text = jsonOf(schema);
  if (text === undefined) return { faults: [[PATH, `must be plain data of at most ${LARGEST} characters as JSON`]] };
  const compiled = compile(JSON.parse(text), PATH);
  return { faults: compiled.faults, schema: text, check: byJsonSchema(compiled) };
}

function jsonOf(schema) {
  try {
    const text = JSON.stringify(schema);
    return typeof text === 'string' && text.length <= LARGEST ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON Schema of a Standard Schema, of what goes into it, where it gives one: by the standard, or as zod and ArkType do. */
function jsonSchemaOf(schema, standard) {
  const options = { target: 'draft-2020-12' };
  for (const give of [
    () => standard.jsonSchema?.input?.(options),
    () => schema.toJSONSchema?.({ io: 'input', unrepresentable: 'any' }),
    () => schema.toJsonSchema?.(),
  ]) {
    try {
      const given = give();
      if (typeof given === 'object' && given !== null && !Array.isArray(given)) return jsonOf(given);
    } catch {
      // It has none of such a schema.
    }
  }
  return undefined;
}

function byJsonSchema({ check }) {
  return (value) => {
    const found = check(value);
    return found ? { problem: inWords(found.path, found.problem) } : { value };
  };
}

function byStandard(standard) {
  return async (value) => {
    const { issues, value: output } = await standard.validate(value);
    if (!issues) return { value: output };
    const [{ path = [], message = 'is refused' } = {}] = issues;
    const keys = path.map((part) => (typeof part === 'object' && part !== null ? part.key : part));
    const where = keys.reduce((whole, key) => at(whole, typeof key === 'number' ? key : String(key)), 'value');
    return { problem: inWords(where, message) };
  };
}

/** Judges candidates, the likeliest first, by a check; what it made of the one that was taken is in `taken`. */
function judgeBy(check, judged, taken) {
  return async ({ id, candidates }) => {
    let problem;
    for (const [place, text] of candidates.entries()) {
      try {
        const { problem: found, value } = await check(JSON.parse(text));
        if (found === undefined) {
          if (judged(id, place, undefined)) taken.value = value;
          return;
        }
        problem ??= found;
      } catch (error) {
        problem ??= inWords('value', `could not be checked, for the check threw: ${error?.message ?? error}`);
      }
    }
    judged(id, -1, problem);
  };
}

/** Makes `askWithFallback` of the addon know schemas. */
module.exports = function withQuestions(addon) {
  const wrap = (begin) => function askWithFallback(request, options) {
    try {
      const { faults, schema, check } = formOf(isRecord(request) ? request.schema : undefined);
      const taken = { value: null };
      let judge;
      const asked = { request, faults, schema, judge: check && ((told) => judge(told)) };
      const { ended, judged } = begin.call(this, asked, options);
      if (check === undefined) return ended;
      judge = judgeBy(check, judged ?? (() => false), taken);
      return ended.then((answer) => Object.assign(answer, { value: taken.value }));
    } catch (error) {
      return Promise.reject(error);
    }
  };
  addon.askWithFallback = wrap(addon.askWithFallback);
  addon.Fallcast.prototype.askWithFallback = wrap(addon.Fallcast.prototype.askWithFallback);
  return addon;
};

const isRecord = (request) => typeof request === 'object' && request !== null;
