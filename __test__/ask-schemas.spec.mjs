import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import Ajv2020 from 'ajv/dist/2020.js';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { byModel, manners } from '../examples/upstream.mjs';
import { chain, engineFor, inShort, rejection, upstreamFor } from './support.mjs';

manners.this = (request, reply, { text }) => reply.text(text);

const good = { name: 'Ann', odds: [1.5, 2] };
const schemas = {
  zod: z.object({ name: z.string().min(2), odds: z.array(z.number()).min(1) }),
  valibot: v.object({ name: v.pipe(v.string(), v.minLength(2)), odds: v.pipe(v.array(v.number()), v.minLength(1)) }),
  ArkType: type({ name: 'string >= 2', odds: 'number[] >= 1' }),
  'JSON Schema': {
    type: 'object',
    properties: { name: { type: 'string', minLength: 2 }, odds: { type: 'array', items: { type: 'number' }, minItems: 1 } },
    required: ['name', 'odds'],
  },
};
const prompt = { user: 'Who is who?' };

async function asking(texts, fields = {}) {
  const manner = Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, { name: 'this', text }]));
  const upstream = await upstreamFor(byModel(manner));
  return { upstream, engine: engineFor(chain(upstream, Object.fromEntries(Object.keys(texts).map((id) => [id, fields]))))};
}

describe.each(Object.entries(schemas))('%s', (name, schema) => {
  test('gives the value that fits, after one that does not', async () => {
    const { engine } = await asking({ a: JSON.stringify({ name: 'A', odds: [1] }), b: JSON.stringify(good) });
    const { value, attempts } = await engine.askWithFallback({ modelId: 'a', prompt, schema });
    expect(value).toEqual(good);
    expect(inShort(attempts)).toEqual([['a', 'parse_error'], ['b', null]]);
    expect(attempts[0].message).toContain('value.name');
  });

  test('is sent as a JSON Schema where it gives one', async () => {
    const { engine, upstream } = await asking({ a: JSON.stringify(good) }, { responseFormat: 'json_schema' });
    await engine.askWithFallback({ modelId: 'a', prompt, schema });
    const format = upstream.requests[0].body.response_format;
    if (name === 'valibot') {
      expect(format).toEqual({ type: 'json_object' });
    } else {
      expect(format.type).toBe('json_schema');
      expect(new Ajv2020({ strict: false }).validate(format.json_schema.schema, good)).toBe(true);
    }
  });

  test('no reply makes it throw, and a value always fits', async () => {
    const validate = new Ajv2020().compile(schemas['JSON Schema']);
    const parts = [JSON.stringify(good), '{"name":"A"}', '{name: "Bob", odds: [3,]}', '[', '{', '}', ']', ',', '"', '```json\n', '```', '<think>', '</think>', ' odds: ', 'null', '1e999', '\\u0000', '\n', '{"odds":["x"]}', '"\\ud800"', '{"__proto__":{"name":"Eve"},"odds":[1]}'];
    let state = 11;
    const next = (below) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return state % below; };
    const texts = Array.from({ length: 60 }, () => Array.from({ length: 1 + next(6) }, () => parts[next(parts.length)]).join(''));
    const upstream = await upstreamFor(({ index }) => ({ name: 'this', text: texts[index % texts.length] }));
    const engine = engineFor(chain(upstream, ['a'], { disableThreshold: null }));
    const seen = { values: 0, errors: 0 };
    for (const text of texts) {
      const answer = await engine.askWithFallback({ modelId: 'a', prompt, schema }).catch((error) => error);
      if (answer instanceof Error) {
        expect(answer.code, text).toBe('ALL_ATTEMPTS_FAILED');
        expect(['parse_error', 'empty_response'], text).toContain(answer.attempts[0].failure);
        seen.errors += 1;
      } else {
        expect(validate(answer.value), text).toBe(true);
        seen.values += 1;
      }
    }
    expect(Math.min(seen.values, seen.errors)).toBeGreaterThan(5);
  });
});

test('what a schema makes of a value is the value, also where it waits for something', async () => {
  const { engine } = await asking({ a: '{"at":"2026-02-03","who":" Ann "}' });
  const schema = z.object({ at: z.string().transform((text) => new Date(text)), who: z.string().trim(), rank: z.number().default(1) })
    .refine(async ({ who }) => Promise.resolve(who === 'Ann'));
  const { value } = await engine.askWithFallback({ modelId: 'a', prompt, schema });
  expect(value).toEqual({ at: new Date('2026-02-03'), who: 'Ann', rank: 1 });
});

test('nobody\'s value fits: every attempt says where', async () => {
  const { engine } = await asking({ a: '{"name":1}', b: '{"name":"Ann","odds":[true]}' });
  const { attempts } = await rejection(engine.askWithFallback({ modelId: 'a', prompt, schema: schemas.zod }));
  expect(attempts.map(({ message }) => /value\S+/.exec(message)[0])).toEqual(['value.name', 'value.odds[0]']);
});

test.each(['ask.cjs', 'ask.mjs'])('%s asks with zod, valibot and a JSON Schema', async (name) => {
  const program = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
  expect(stdout.trim()).toBe('Ann Ann Ann well');
});
