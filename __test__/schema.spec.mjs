import { createRequire } from 'node:module';

import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

const { compile } = createRequire(import.meta.url)('../schema.js');

/** A source of numbers that is the same in each run. */
function numbers(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ['a', 'b', 'c'];
const one = (random, list) => list[random(list.length)];

function anyValue(random, depth = 0) {
  switch (random(depth > 2 ? 6 : 8)) {
    case 0: return null;
    case 1: return random(2) === 0;
    case 2: return random(6) - 2;
    case 3: return (random(60) - 20) / 10;
    case 4: return one(random, ['', 'a', 'ab', 'b1', '😀']);
    case 5: return one(random, NAMES);
    case 6: return Array.from({ length: random(4) }, () => anyValue(random, depth + 1));
    default: return Object.fromEntries(Array.from({ length: random(4) }, () => [one(random, NAMES), anyValue(random, depth + 1)]));
  }
}

/** `spared` are keywords that it is not to have. */
function anySchema(random, spared, depth = 0) {
  const inner = () => anySchema(random, spared, depth + 1);
  const list = () => Array.from({ length: 1 + random(3) }, inner);
  if (random(12) === 0) return random(3) > 0;
  const schema = {};
  const keywords = {
    type: () => (random(3) === 0 ? ['string', 'null', 'integer'].slice(0, 1 + random(3)) : one(random, ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'])),
    enum: () => [anyValue(random), anyValue(random), 'a'],
    const: () => anyValue(random),
    minimum: () => random(4) - 1, maximum: () => random(4), exclusiveMinimum: () => random(3) - 1, exclusiveMaximum: () => random(4),
    multipleOf: () => one(random, [1, 2, 0.5]),
    minLength: () => random(3), maxLength: () => random(3), pattern: () => one(random, ['^a', 'b$', '\\d', '[a-c]']),
    minItems: () => random(3), maxItems: () => random(3), uniqueItems: () => random(2) === 0,
    minProperties: () => random(3), maxProperties: () => random(3),
    required: () => NAMES.slice(0, random(3)),
    dependentRequired: () => ({ a: ['b'] }),
    ...(depth < 3 && {
      properties: () => Object.fromEntries(NAMES.slice(0, 1 + random(3)).map((name) => [name, inner()])),
      patternProperties: () => ({ [one(random, ['^a', 'b|c'])]: inner() }),
      additionalProperties: inner, propertyNames: inner, unevaluatedProperties: inner, dependentSchemas: () => ({ a: inner() }),
      prefixItems: list, items: inner, contains: inner, unevaluatedItems: inner,
      allOf: list, anyOf: list, oneOf: list, not: inner, if: inner, then: inner, else: inner,
      $ref: () => '#/$defs/known',
    }),
  };
  for (let count = 1 + random(4); count > 0; count -= 1) {
    const name = one(random, Object.keys(keywords).filter((keyword) => keyword !== spared));
    schema[name] = keywords[name]();
  }
  if (schema.contains !== undefined && random(2) === 0) Object.assign(schema, { minContains: random(3), maxContains: 1 + random(2) });
  return schema;
}

/** What Ajv says of a value; undefined where the code that it makes of a schema throws. */
const sayOf = (validate) => (value) => {
  try {
    return validate(value);
  } catch {
    return undefined;
  }
};

test('says of any value by any schema what Ajv says', () => {
  const random = numbers(7);
  let [fits, fails] = [0, 0];
  for (let round = 0; round < 400; round += 1) {
    // Ajv takes every item for looked at beside `contains`, which the draft does not.
    const schema = anySchema(random, one(random, ['contains', 'unevaluatedItems']));
    const root = typeof schema === 'boolean' ? schema : { ...schema, $defs: { known: { type: ['string', 'integer', 'object'] } } };
    const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
    const theirs = sayOf(ajv.compile(root));
    const { faults, check } = compile(JSON.parse(JSON.stringify(root)), 'schema');
    expect(faults, JSON.stringify(root)).toEqual([]);
    for (let time = 0; time < 8; time += 1) {
      const value = anyValue(random);
      const found = check(value);
      expect(found === undefined, `${JSON.stringify(root)} of ${JSON.stringify(value)}: ${JSON.stringify(found)}`).toBe(theirs(value) ?? (found === undefined));
      if (found === undefined) fits += 1;
      else fails += 1;
    }
  }
  expect(Math.min(fits, fails)).toBeGreaterThan(300);
});

describe('references', () => {
  const check = (schema, value) => {
    const compiled = compile(schema, 'schema');
    expect(compiled.faults).toEqual([]);
    return compiled.check(value);
  };

  test('lead to a place, an anchor or an address in the schema', () => {
    const schema = {
      $defs: {
        text: { type: 'string' }, 'a/b': { $anchor: 'here', type: 'integer' }, far: { $id: 'https://example.com/far', $defs: { in: { type: 'null' } } },
      },
      properties: {
        text: { $ref: '#/$defs/text' }, place: { $ref: '#/$defs/a~1b' }, anchor: { $ref: '#here' }, far: { $ref: 'https://example.com/far#/$defs/in' },
      },
    };
    expect(check(schema, { text: 'a', place: 1, anchor: 2, far: null })).toBeUndefined();
    for (const name of Object.keys(schema.properties)) expect(check(schema, { [name]: true }).path).toBe(`value.${name}`);
  });

  test('may describe a tree, and one that describes itself without end refuses every value', () => {
    const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } }, required: ['children'] };
    expect(check(tree, { children: [{ children: [] }] })).toBeUndefined();
    expect(check(tree, { children: [{ children: [{}] }] })).toEqual({ path: 'value.children[0].children[0].children', problem: 'is missing' });
    expect(check({ $ref: '#' }, 1).problem).toContain('without end');
  });

  test('of the dynamic kind lead to the outermost that extends them', () => {
    const tree = { $id: 'https://example.com/tree', $dynamicAnchor: 'node', type: 'object', properties: { child: { $dynamicRef: '#node' } } };
    const strict = { $id: 'https://example.com/strict', $dynamicAnchor: 'node', $ref: 'tree', unevaluatedProperties: false, $defs: { tree } };
    expect(check(strict, { child: { child: {} } })).toBeUndefined();
    expect(check(strict, { child: { other: 1 } }).path).toBe('value.child.other');
  });
});

test('items that hold what `contains` says are looked at, and no others', () => {
  const { check } = compile({ contains: { type: 'string' }, unevaluatedItems: { type: 'number' } }, 'schema');
  expect(check(['a', 1, 'b'])).toBeUndefined();
  expect(check(['a', 1, null])).toEqual({ path: 'value[2]', problem: 'must be number, got null' });
});

test('a number is a multiple of another where the two are only written in tenths', () => {
  const { check } = compile({ multipleOf: 0.1 }, 'schema');
  expect([0.3, 2.4, 0, -1.1].map((value) => check(value))).toEqual([undefined, undefined, undefined, undefined]);
  expect(check(0.25).problem).toBe('must be a multiple of 0.1');
});

test('a schema with faults says each with its path, and names of JavaScript\'s own are names like others', () => {
  const { faults } = compile({
    type: ['string', 'text'], enum: 1, minLength: -1, maximum: '1', multipleOf: 0, required: [1], pattern: '(', items: [], anyOf: {},
    properties: { 'a b': 1 }, patternProperties: { '[': {} }, dependentRequired: { a: 1 }, $ref: 1,
  }, 'schema');
  expect(faults.map(([path]) => path)).toEqual([
    'schema.$ref', 'schema.type', 'schema.enum', 'schema.minLength', 'schema.maximum', 'schema.multipleOf', 'schema.required', 'schema.pattern',
    'schema.dependentRequired', 'schema.items', 'schema.anyOf', 'schema.properties["a b"]', 'schema.patternProperties["["]',
  ]);
  const { check } = compile(JSON.parse('{"properties":{"__proto__":{"type":"string"}},"required":["constructor"],"additionalProperties":false}'), 'schema');
  expect(check({})).toEqual({ path: 'value.constructor', problem: 'is missing' });
  expect(check(JSON.parse('{"constructor":1}')).problem).toContain('does not have');
});
