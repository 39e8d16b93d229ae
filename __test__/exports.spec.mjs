import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { expect, test } from 'vitest';

import { fallcast } from './support.mjs';

const root = new URL('..', import.meta.url);
const CALLED = [
  'activatePrompts', 'askWithFallback', 'buildPrompt', 'close', 'configure', 'disableModel', 'enableModel', 'explain', 'explainSlate', 'getActiveModelCount',
  'getActiveProviders', 'getFallbackProvider', 'getModel', 'getModels', 'getPrompts', 'onEvent', 'onInvalidate',
  'predictSlate', 'predictWithFallback', 'recoverDisabledModels', 'reloadCatalog', 'reloadPrompts', 'reportFailure', 'reportSuccess', 'restore',
  'snapshot', 'updateCatalog',
];

test('CommonJS has the functions, the class and the fallbacks', () => {
  for (const name of CALLED) expect(fallcast[name], name).toBeTypeOf('function');
  expect(fallcast.Fallcast).toBeTypeOf('function');
  expect(fallcast.MODEL_FALLBACKS).toBeTypeOf('object');
});

test('the class has the methods of the same names', () => {
  const names = CALLED.filter((name) => name !== 'configure');
  for (const name of names) expect(fallcast.Fallcast.prototype[name], name).toBeTypeOf('function');
});

test('ESM imports every export by its name, also from the package itself', () => {
  const names = Object.keys(fallcast);
  const program = `import * as all from 'fallcast';
    import { ${names.join(', ')} } from 'fallcast';
    console.log(JSON.stringify([${names.join(', ')}].map((value) => typeof value)));`;
  const args = ['--input-type=module', '--eval', program];
  const output = execFileSync(process.execPath, args, { cwd: root, timeout: 20_000 });
  expect(JSON.parse(output)).toEqual(names.map((name) => typeof fallcast[name]));
});

test('index.d.ts declares every export, with documentation', () => {
  const types = readFileSync(new URL('index.d.ts', root), 'utf8');
  for (const name of Object.keys(fallcast)) {
    const declaration = new RegExp(`(/\\*\\*(?:[^*]|\\*(?!/))*\\*/\\s*)export (declare )?(function|class|const) ${name}\\b`);
    expect(types, name).toMatch(declaration);
  }
});

test('the package has its own manifest and its catalogue among its exports', () => {
  const program = `const manifest = require('fallcast/package.json');
    const { models } = require('fallcast/catalog/models.json');
    const { versions } = require('fallcast/catalog/prompts/manifest.json');
    console.log(manifest.name, models.length > 0, Object.keys(versions).length > 0);`;
  const output = execFileSync(process.execPath, ['--eval', program], { cwd: root, encoding: 'utf8', timeout: 20_000 });
  expect(output.trim()).toBe('fallcast true true');
});

test('what is not exported cannot be reached', () => {
  const program = `for (const path of ['index.js', 'main.js', 'bin/fallcast.mjs', 'examples/upstream.mjs', 'src/lib.rs']) {
      try { require.resolve('fallcast/' + path); console.log(path); } catch ({ code }) { console.log(code); }
    }`;
  const output = execFileSync(process.execPath, ['--eval', program], { cwd: root, encoding: 'utf8', timeout: 20_000 });
  expect(new Set(output.trim().split('\n'))).toEqual(new Set(['ERR_PACKAGE_PATH_NOT_EXPORTED']));
});

test('an editor shows documentation for every field and every method', () => {
  const path = fileURLToPath(new URL('index.d.ts', root));
  const { statements } = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const members = statements.flatMap((node) => (node.members ?? []).map((member) => [node.name.text, member]));
  const bare = members
    .filter(([, member]) => ts.getJSDocCommentsAndTags(member).length === 0)
    .map(([owner, member]) => `${owner}.${member.name.text}`);
  expect(members.length).toBeGreaterThan(200);
  // The name of an event says what it is, as its interface does.
  expect(bare.filter((name) => !name.endsWith('Event.type'))).toEqual([]);
});

test.each(['status', 'otel', 'alerts'])('fallcast/%s declares what it exports, by require and by import', async (name) => {
  const types = readFileSync(new URL(`${name}/index.d.ts`, root), 'utf8');
  const declared = [...types.matchAll(/^export (?:declare )?(?:function|const|class) (\w+)/gm)].map(([, each]) => each);
  const required = createRequire(import.meta.url)(`fallcast/${name}`);
  expect(Object.keys(required)).toEqual(declared);
  expect(Object.keys(await import(/* @vite-ignore */ `fallcast/${name}`))).toEqual(expect.arrayContaining(declared));
});

test('fallcast/testing declares what it exports', async () => {
  const types = readFileSync(new URL('examples/upstream.d.ts', root), 'utf8');
  const declared = [...types.matchAll(/^export (?:declare )?(?:function|const|class) (\w+)/gm)].map(([, name]) => name);
  // `Reply` is a class for the manners, and an interface for everybody else.
  expect([...declared, 'Reply'].sort()).toEqual(Object.keys(await import('fallcast/testing')).sort());
  const required = createRequire(import.meta.url)('fallcast/testing');
  expect(required.manners, 'one and the same by require').toBe((await import('fallcast/testing')).manners);
});
