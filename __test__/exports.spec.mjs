import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { fallcast } from './support.mjs';

const root = new URL('..', import.meta.url);
const CALLED = [
  'activatePrompts', 'buildPrompt', 'configure', 'disableModel', 'enableModel', 'explain', 'getActiveModelCount',
  'getActiveProviders', 'getFallbackProvider', 'getModels', 'getPrompts', 'onEvent', 'onInvalidate',
  'predictWithFallback', 'recoverDisabledModels', 'reloadPrompts', 'reportFailure', 'reportSuccess', 'restore',
  'snapshot', 'updateCatalog',
];

test('CommonJS has the functions, the class and the fallbacks', () => {
  for (const name of CALLED) expect(fallcast[name], name).toBeTypeOf('function');
  expect(fallcast.Fallcast).toBeTypeOf('function');
  expect(fallcast.MODEL_FALLBACKS).toBeTypeOf('object');
});

test('the class has the methods of the same names', () => {
  const names = CALLED.filter((name) => name !== 'configure');
  for (const name of [...names, 'close']) expect(fallcast.Fallcast.prototype[name], name).toBeTypeOf('function');
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
