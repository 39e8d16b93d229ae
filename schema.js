'use strict';

/**
 * JSON Schema, draft 2020-12, as a check of values: the vocabularies core, applicator, unevaluated and validation; `format` and the
 * like are annotations, as that draft has them. Patterns are JavaScript's, which is why this stands here and not in Rust.
 *
 * A value is looked at once by each schema that it meets, and neither a schema that describes itself without end nor a deep value
 * ends in an overflow of the stack.
 */
const TYPES = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  string: (value) => typeof value === 'string',
  array: Array.isArray,
  object: isObject,
};

/** Keywords by what they hold. */
const ONE = ['additionalProperties', 'unevaluatedProperties', 'items', 'unevaluatedItems', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'];
const LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];
const COUNTS = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxContains', 'minContains', 'maxProperties', 'minProperties'];
const NUMBERS = ['maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'];

/** How many schemas deep a schema may be, and a value may be looked at. */
const DEEPEST = 300;

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const has = (object, name) => Object.hasOwn(object, name);
const isSchema = (schema) => typeof schema === 'boolean' || isObject(schema);
const isNames = (value) => Array.isArray(value) && value.every((name) => typeof name === 'string');

/** The path of a part, as the messages of Fallcast have it. */
const at = (path, key) => (
  typeof key === 'number' ? `${path}[${key}]` : /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
);

/** What a value is, in a message that quotes no long one. */
const kind = (value) => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`);

/** A value as a text that is the same for equal values. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value === 0 ? 0 : value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

function isMultiple(value, of) {
  const quotient = value / of;
  return Number.isInteger(quotient) || (Number.isFinite(quotient) && Math.abs(quotient - Math.round(quotient)) <= 4 * Number.EPSILON * Math.abs(quotient));
}

/** The pattern as JavaScript has it; those that are none with its `u` are taken without. */
function patternOf(text) {
  try {
    return new RegExp(text, 'u');
  } catch {
    return new RegExp(text);
  }
}

/**
 * Reads a schema, which must be plain data that nobody changes afterwards.
 *
 * @returns {{ faults: [string, string][], check: (value: unknown) => undefined | { path: string, problem: string } }}
 */
function compile(root, where) {
  const faults = [];
  const patterns = new Map();
  /** Schemas by their address, and by address and anchor. */
  const known = new Map();
  /** The address of each schema that has one of its own, or a part of such a one. */
  const bases = new Map();
  const refs = [];

  function read(schema, path, base, depth) {
    const fault = (key, problem) => faults.push([at(path, key), problem]);
    if (typeof schema === 'boolean') return;
    if (!isObject(schema)) return void faults.push([path, `must be a schema, got ${kind(schema)}`]);
    if (depth > DEEPEST) return void faults.push([path, 'is nested too deeply']);
    if (bases.has(schema)) return;
    let own = base;
    if (typeof schema.$id === 'string') {
      own = resolved(schema.$id, base).split('#')[0];
      known.set(own, schema);
    }
    bases.set(schema, own);
    for (const name of ['$anchor', '$dynamicAnchor']) {
      if (typeof schema[name] === 'string') known.set(`${own}#${schema[name]}`, schema);
    }
    for (const name of ['$ref', '$dynamicRef']) {
      if (!has(schema, name)) continue;
      if (typeof schema[name] === 'string') refs.push([schema[name], own, at(path, name)]);
      else fault(name, `must be a string, got ${kind(schema[name])}`);
    }
    if (has(schema, 'type')) {
      const names = Array.isArray(schema.type) ? schema.type : [schema.type];
      const wrong = names.find((name) => typeof name !== 'string' || !has(TYPES, name));
      if (wrong !== undefined || names.length === 0) fault('type', `must be ${Object.keys(TYPES).join(', ')}, or a list of those`);
    }
    if (has(schema, 'enum') && !Array.isArray(schema.enum)) fault('enum', `must be an array, got ${kind(schema.enum)}`);
    for (const name of COUNTS) {
      if (has(schema, name) && !(Number.isInteger(schema[name]) && schema[name] >= 0)) fault(name, 'must be a whole number, at least 0');
    }
    for (const name of NUMBERS) {
      if (has(schema, name) && typeof schema[name] !== 'number') fault(name, `must be a number, got ${kind(schema[name])}`);
    }
    if (has(schema, 'multipleOf') && !(schema.multipleOf > 0)) fault('multipleOf', 'must be a number above 0');
    if (has(schema, 'required') && !isNames(schema.required)) fault('required', 'must be an array of strings');
    if (has(schema, 'pattern')) pattern(schema.pattern, at(path, 'pattern'));
    if (has(schema, 'dependentRequired')) {
      const lists = schema.dependentRequired;
      if (!isObject(lists) || !Object.values(lists).every(isNames)) fault('dependentRequired', 'must be an object of arrays of strings');
    }
    for (const name of ONE) if (has(schema, name)) read(schema[name], at(path, name), own, depth + 1);
    for (const name of LIST) {
      if (!has(schema, name)) continue;
      if (!Array.isArray(schema[name])) fault(name, `must be an array, got ${kind(schema[name])}`);
      else schema[name].forEach((inner, index) => read(inner, at(at(path, name), index), own, depth + 1));
    }
    for (const name of NAMED) {
      if (!has(schema, name)) continue;
      if (!isObject(schema[name])) {
        fault(name, `must be an object, got ${kind(schema[name])}`);
        continue;
      }
      for (const [key, inner] of Object.entries(schema[name])) {
        if (name === 'patternProperties') pattern(key, at(at(path, name), key));
        read(inner, at(at(path, name), key), own, depth + 1);
      }
    }
  }

  function pattern(text, path) {
    try {
      patterns.set(text, patternOf(text));
    } catch {
      faults.push([path, 'must be a regular expression']);
    }
  }

  function resolved(ref, base) {
    try {
      return new URL(ref, base).href;
    } catch {
      return ref;
    }
  }

  /** The schema that a reference names. */
  function find(ref, base) {
    const whole = resolved(ref, base);
    const [address, fragment = ''] = whole.split('#');
    if (known.has(`${address}#${fragment}`)) return known.get(`${address}#${fragment}`);
    let found = known.get(address);
    let parts = [];
    try {
      parts = decodeURIComponent(fragment).split('/').slice(1);
    } catch {
      return undefined;
    }
    if (fragment !== '' && !fragment.startsWith('/')) return undefined;
    for (const part of parts) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof found !== 'object' || found === null || !has(found, key)) return undefined;
      found = found[key];
    }
    return isSchema(found) ? found : undefined;
  }

  const ROOT = 'schema:/root';
  known.set(ROOT, root);
  read(root, where, ROOT, 0);
  for (const [ref, base, path] of refs) {
    const found = find(ref, base);
    if (found === undefined) faults.push([path, 'names a schema that is not in this one']);
    // What is reached by a pointer alone, beside every keyword that holds schemas.
    else if (isObject(found) && !bases.has(found)) read(found, path, base, 0);
  }
  return { faults, check: (value) => evaluate(root, value, 'value', [], new Seen(), 0) };

  /** What is wrong with a value by a schema: where, and what; undefined if nothing is. What was looked at is noted in `seen`. */
  function evaluate(schema, value, path, scopes, seen, depth) {
    if (schema === true) return undefined;
    const wrong = (problem, key) => ({ path: key === undefined ? path : at(path, key), problem });
    if (schema === false) return wrong('must not be there');
    if (depth > DEEPEST) return wrong('is described by itself without end, or nested too deeply');
    const base = bases.get(schema) ?? ROOT;
    const scope = scopes.at(-1) === base ? scopes : [...scopes, base];
    const inner = (of, part, key, into) => evaluate(of, part, key === undefined ? path : at(path, key), scope, into, depth + 1);
    /** A schema of the same value: what it looked at counts if the value fits it. */
    const same = (of) => {
      const own = new Seen();
      const found = inner(of, value, undefined, own);
      if (found === undefined) seen.add(own);
      return found;
    };

    for (const name of ['$ref', '$dynamicRef']) {
      if (!has(schema, name)) continue;
      let target = find(schema[name], base);
      const anchor = name === '$dynamicRef' && isObject(target) && schema[name].split('#')[1];
      if (anchor && target.$dynamicAnchor === anchor) {
        const outermost = scope.find((address) => known.get(`${address}#${anchor}`)?.$dynamicAnchor === anchor);
        if (outermost !== undefined) target = known.get(`${outermost}#${anchor}`);
      }
      const found = same(target);
      if (found) return found;
    }
    if (has(schema, 'type')) {
      const names = Array.isArray(schema.type) ? schema.type : [schema.type];
      if (!names.some((name) => TYPES[name](value))) return wrong(`must be ${names.join(' or ')}, got ${kind(value)}`);
    }
    if (has(schema, 'const') && canonical(schema.const) !== canonical(value)) return wrong('must be the constant of the schema');
    if (has(schema, 'enum')) {
      const text = canonical(value);
      if (!schema.enum.some((one) => canonical(one) === text)) return wrong('must be one of the values of the schema');
    }
    const found = typeof value === 'number' ? ofNumber(schema, value, wrong)
      : typeof value === 'string' ? ofString(schema, value, wrong)
        : Array.isArray(value) ? ofArray(schema, value, wrong, inner, seen)
          : isObject(value) ? ofObject(schema, value, wrong, inner, seen, same) : undefined;
    if (found) return found;

    for (const of of schema.allOf ?? []) {
      const found = same(of);
      if (found) return found;
    }
    for (const name of ['anyOf', 'oneOf']) {
      if (!has(schema, name)) continue;
      const results = schema[name].map(same);
      const count = results.filter((result) => result === undefined).length;
      // Of many that do not fit, the one that the value comes furthest with was meant.
      if (count === 0) return results.reduce((best, result) => (result.path.length > best.path.length ? result : best), results[0] ?? wrong('fits nothing'));
      if (name === 'oneOf' && count > 1) return wrong(`must fit one of the schemas alone, fits ${count}`);
    }
    if (has(schema, 'not') && inner(schema.not, value, undefined, new Seen()) === undefined) return wrong('must not fit what the schema excludes');
    if (has(schema, 'if')) {
      const branch = same(schema.if) === undefined ? 'then' : 'else';
      const found = has(schema, branch) ? same(schema[branch]) : undefined;
      if (found) return found;
    }
    return unevaluated(schema, value, inner, seen);
  }

  function ofNumber(schema, value, wrong) {
    if (value > schema.maximum) return wrong(`must be at most ${schema.maximum}`);
    if (value >= schema.exclusiveMaximum) return wrong(`must be below ${schema.exclusiveMaximum}`);
    if (value < schema.minimum) return wrong(`must be at least ${schema.minimum}`);
    if (value <= schema.exclusiveMinimum) return wrong(`must be above ${schema.exclusiveMinimum}`);
    if (has(schema, 'multipleOf') && !isMultiple(value, schema.multipleOf)) return wrong(`must be a multiple of ${schema.multipleOf}`);
    return undefined;
  }

  function ofString(schema, value, wrong) {
    if (has(schema, 'maxLength') || has(schema, 'minLength')) {
      const length = [...value].length;
      if (length > schema.maxLength) return wrong(`must have at most ${schema.maxLength} characters, has ${length}`);
      if (length < schema.minLength) return wrong(`must have at least ${schema.minLength} characters, has ${length}`);
    }
    if (has(schema, 'pattern') && !patterns.get(schema.pattern).test(value)) return wrong(`must match ${schema.pattern}`);
    return undefined;
  }

  function ofArray(schema, value, wrong, inner, seen) {
    if (value.length > schema.maxItems) return wrong(`must have at most ${schema.maxItems} items, has ${value.length}`);
    if (value.length < schema.minItems) return wrong(`must have at least ${schema.minItems} items, has ${value.length}`);
    if (schema.uniqueItems === true) {
      const texts = new Set();
      for (const [index, item] of value.entries()) {
        if (texts.size === texts.add(canonical(item)).size) return wrong('must differ from the items before it', index);
      }
    }
    const before = schema.prefixItems ?? [];
    for (const [index, item] of value.entries()) {
      const of = index < before.length ? before[index] : schema.items;
      if (of === undefined) break;
      const found = inner(of, item, index, new Seen());
      if (found) return found;
      seen.upTo = Math.max(seen.upTo, index + 1);
    }
    if (has(schema, 'contains')) {
      const places = [...value.keys()].filter((index) => inner(schema.contains, value[index], index, new Seen()) === undefined);
      for (const place of places) seen.items.add(place);
      if (places.length < (schema.minContains ?? 1)) return wrong(`must hold at least ${schema.minContains ?? 1} of what the schema says, holds ${places.length}`);
      if (places.length > schema.maxContains) return wrong(`must hold at most ${schema.maxContains} of what the schema says, holds ${places.length}`);
    }
    return undefined;
  }

  function ofObject(schema, value, wrong, inner, seen, same) {
    const names = Object.keys(value);
    if (names.length > schema.maxProperties) return wrong(`must have at most ${schema.maxProperties} fields, has ${names.length}`);
    if (names.length < schema.minProperties) return wrong(`must have at least ${schema.minProperties} fields, has ${names.length}`);
    const missing = (schema.required ?? []).find((name) => !has(value, name));
    if (missing !== undefined) return wrong('is missing', missing);
    for (const [name, others] of Object.entries(schema.dependentRequired ?? {})) {
      const missing = has(value, name) && others.find((other) => !has(value, other));
      if (missing) return wrong(`is missing beside ${name}`, missing);
    }
    for (const [name, of] of Object.entries(schema.dependentSchemas ?? {})) {
      const found = has(value, name) ? same(of) : undefined;
      if (found) return found;
    }
    const byPattern = Object.entries(schema.patternProperties ?? {});
    for (const name of names) {
      const schemas = byPattern.filter(([text]) => patterns.get(text).test(name)).map(([, of]) => of);
      if (schema.properties && has(schema.properties, name)) schemas.push(schema.properties[name]);
      if (schemas.length === 0 && has(schema, 'additionalProperties')) {
        if (schema.additionalProperties === false) return wrong('is a field that the schema does not have', name);
        schemas.push(schema.additionalProperties);
      }
      for (const of of schemas) {
        const found = inner(of, value[name], name, new Seen());
        if (found) return found;
      }
      if (schemas.length > 0) seen.fields.add(name);
      if (has(schema, 'propertyNames') && inner(schema.propertyNames, name, name, new Seen())) return wrong('has a name that the schema does not allow', name);
    }
    return undefined;
  }

  function unevaluated(schema, value, inner, seen) {
    if (has(schema, 'unevaluatedItems') && Array.isArray(value)) {
      for (let index = seen.upTo; index < value.length; index += 1) {
        const found = seen.items.has(index) ? undefined : inner(schema.unevaluatedItems, value[index], index, new Seen());
        if (found) return found;
      }
      seen.upTo = value.length;
    }
    if (has(schema, 'unevaluatedProperties') && isObject(value)) {
      for (const name of Object.keys(value)) {
        const found = seen.fields.has(name) ? undefined : inner(schema.unevaluatedProperties, value[name], name, new Seen());
        if (found) return found;
        seen.fields.add(name);
      }
    }
    return undefined;
  }
}

/** What of a value was looked at. */
class Seen {
  fields = new Set();
  items = new Set();
  /** All items before this one. */
  upTo = 0;

  add(other) {
    for (const name of other.fields) this.fields.add(name);
    for (const place of other.items) this.items.add(place);
    this.upTo = Math.max(this.upTo, other.upTo);
  }
}

module.exports = { at, compile };
