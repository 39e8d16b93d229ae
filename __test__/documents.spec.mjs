import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { knownManner, startUpstream } from '../examples/upstream.mjs';
import { configurationPage, fieldsOf, functionsPage } from '../scripts/docs.mjs';
import { fallcast } from './support.mjs';

const root = new URL('..', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const pages = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)];

/** The blocks of a language in all documents, with where they begin. */
function blocks(language) {
  return pages.flatMap((page) => {
    const text = read(page);
    const fences = text.matchAll(/^```(\w*)\n(.*?)^```$/gms);
    return [...fences].filter(([, named]) => named === language).map(([, , code, ], index, { length }) => ({
      where: length > 1 ? `${page}, block ${index + 1}` : page,
      code,
    }));
  });
}

/** What a block says that it prints: the comments behind its `console.log`. */
const promised = (code) => [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text]) => text);

/** A folder for what a block writes; it is in the package, so that the block can import it by its name. */
function emptyFolder() {
  const parent = fileURLToPath(new URL('target/', root));
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(`${parent}documents-`);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const squeezed = (text) => text.replaceAll(/\s+/g, '');

describe('a block of JavaScript runs and prints what its comments say', () => {
  let upstream;
  beforeAll(async () => {
    const manner = ({ model }) => (model.includes('Kimi-K2-Thinking') ? 'internal_error' : knownManner(model));
    upstream = await startUpstream({ manner });
    return upstream.close;
  });

  test.for(blocks('js'))('$where', async ({ code }) => {
    const keys = { TOGETHER_API_KEY: 'k', SYNTHETIC_API_KEY: 'k' };
    const fragment = code.includes("from 'fallcast'") ? {} : { FRAGMENT: '1' };
    const env = { PATH: process.env.PATH, UPSTREAM: upstream.baseUrl, ...keys, ...fragment };
    const preload = new URL('documents/loopback.mjs', import.meta.url);
    const args = ['--import', preload.href, '--input-type=module', '--eval', code];
    const options = { cwd: emptyFolder(), env, timeout: 20_000 };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    let rest = squeezed(stdout);
    for (const line of promised(code)) {
      expect(rest, stdout).toContain(squeezed(line));
      rest = rest.slice(rest.indexOf(squeezed(line)) + squeezed(line).length);
    }
  });
});

test('no block is of a language that nobody checks', () => {
  const languages = pages.flatMap((page) => [...read(page).matchAll(/^```(\w*)\n.*?^```$/gms)].map(([, language]) => language));
  expect(languages.filter((language) => !['', 'js', 'json', 'mermaid', 'sh', 'ts', 'yaml'].includes(language))).toEqual([]);
});

test.for(blocks('json'))('a block of JSON is valid: $where', ({ code }) => {
  const data = JSON.parse(code);
  const schema = JSON.parse(read(`catalog/prompts/${data.$schema}`));
  expect(new Ajv2020({ strict: false }).validate(schema, data)).toBe(true);
});

test.for([['docs/configuration.md', configurationPage], ['docs/functions.md', functionsPage]])('%s is what the types say', ([path, page]) => {
  expect(read(path), 'run "npm run docs"').toBe(page());
});

test('README.md has at most 150 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test('README.md leads to every page of docs/, and no link of a page leads nowhere', () => {
  const linked = (page) => [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, path]) => new URL(path, new URL(page, root)).href);
  const pagesOfDocs = readdirSync(new URL('docs/', root)).map((name) => new URL(`docs/${name}`, root).href);
  expect(pagesOfDocs.filter((page) => !linked('README.md').includes(page))).toEqual([]);
  expect(pages.flatMap(linked).filter((href) => !existsSync(new URL(href)))).toEqual([]);
});

test('no link leads to a head that is not there', () => {
  const slug = (head) => head.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-');
  const heads = (path) => [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, head]) => slug(head));
  const dead = pages.flatMap((page) => [...read(page).matchAll(/\]\((?!https?:)([^)\s]*)#([^)\s]+)\)/g)]
    .filter(([, path, head]) => !heads(new URL(path || page.split('/').at(-1), new URL(page, root))).includes(head))
    .map(([, path, head]) => `${page}: ${path}#${head}`));
  expect(dead).toEqual([]);
});

describe('the types document the fields of the files', () => {
  const items = (name, field) => JSON.parse(read(`catalog/${name}.schema.json`)).properties[field].items;
  const { $defs, ...manifest } = JSON.parse(read('catalog/prompts/manifest.schema.json'));
  const schemas = {
    Model: items('models', 'models'),
    Provider: items('providers', 'providers'),
    Limits: items('models', 'models').properties.limits,
    'Limits, ProviderLimits': items('providers', 'providers').properties.limits,
    PromptVersion: $defs.version,
  };

  test.for(Object.entries(schemas))('%s', ([name, { properties, required = [] }]) => {
    const fields = name.split(', ').flatMap(fieldsOf);
    expect(fields.map((field) => field.name).sort()).toEqual(Object.keys(properties).sort());
    expect(fields.filter(({ optional }) => !optional).map((field) => field.name).sort()).toEqual([...required].sort());
  });

  test('the manifest', () => {
    expect(Object.keys(manifest.properties).sort()).toEqual(['$schema', 'versions']);
  });
});

describe('docs/errors.md names', () => {
  const page = read('docs/errors.md');
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const union = (name) => {
    const [, members] = new RegExp(`export type ${name} =([^\\n]*(?:\\n  \\|[^\\n]*)*)`).exec(read('index.d.ts'));
    return [...members.matchAll(/'(\w+)'/g)].map(([, member]) => member);
  };

  test('every code, every kind of failure and every reason to skip, once, and nothing else', () => {
    const names = ['ErrorCode', 'FailureKind', 'SkipReason'].flatMap(union);
    expect(names.length).toBeGreaterThan(30);
    expect(rows.sort()).toEqual(names.sort());
  });
});

test('the metrics that docs/metrics.md names exist', () => {
  const page = read('docs/metrics.md');
  const engine = new fallcast.Fallcast({ dailyBudgetUsd: 1 });
  const known = [...engine.getMetricsText().matchAll(/^# TYPE (\w+) (\w+)$/gm)]
    .map(([, name, type]) => (type === 'counter' ? `${name}_total` : name));
  const named = [...page.matchAll(/\bfallcast_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('docs/events.md names every event', () => {
  const types = [...read('index.d.ts').matchAll(/^ {2}type: '(\w+)'$/gm)].map(([, type]) => type);
  const events = [...read('docs/events.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type);
  expect(events.sort()).toEqual(types.sort());
});
