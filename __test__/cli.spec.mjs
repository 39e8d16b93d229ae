import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { promptFolder, temporaryFolder, version, write } from './prompt-folder.mjs';
import { chain, engineFor, fallcast, matches } from './support.mjs';

const program = fileURLToPath(new URL('../bin/fallcast.mjs', import.meta.url));

/** Runs the command to its end. */
function run(...args) {
  const options = { encoding: 'utf8', timeout: 20_000 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  return { status, stdout, stderr };
}

const failed = (problem) => ({ status: 1, stderr: expect.stringContaining(problem) });

/** The rows of the table that `check` prints, without its head. */
const rows = (stdout) => stdout.split('\n\n')[0].split('\n').slice(1).map((line) => line.split(/ {2,}/));

test('check renders every built-in model and prints its tokens', () => {
  const { status, stdout, stderr } = run('check');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(rows(stdout).map(([id]) => id)).toEqual(engineFor().getModels().map(({ id }) => id));
  for (const [id, name, tokens] of rows(stdout)) {
    expect(name, id).toBe('1');
    expect(Number(tokens), id).toBeGreaterThan(100);
  }
  expect(rows(stdout).find(([id]) => id === 'deepseek-r1')[3]).toBe('thinking-aside');
});

test('check prints every fault of catalogue and prompts in a folder, and exits 1', () => {
  const folder = write(temporaryFolder(), {
    'models.json': { models: chain({ baseUrl: '' }, { x: { provider: 'nobody' } }).models },
    'prompts/manifest.json': { versions: { first: version({ system: ['missing'] }) } },
    'prompts/task.md': '{{nothing}}',
  });
  const { status, stdout, stderr } = run('check', folder);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`${folder}/models.json: models[0].provider: unknown provider, got "nobody"`);
  const prompts = `${folder}/prompts`;
  expect(stderr).toContain(`${prompts}/task.md: line 1: nothing fills the placeholder {{nothing}}`);
  expect(stderr).toContain(`${prompts}/manifest.json: versions.first.system[0]: unknown component, got "missing"`);
});

test('check takes a folder of prompts alone, and lists the versions that each model may be sent', () => {
  const trial = version({ models: ['deepseek-r1'], overrides: { 'deepseek-r1': ['calm'] } });
  const folder = promptFolder({ first: version(), trial });
  const { status, stdout } = run('check', folder);
  expect(status).toBe(0);
  const of = (model) => rows(stdout).filter(([id]) => id === model).map(([, name, , overrides]) => [name, overrides]);
  expect(of('deepseek-r1')).toEqual([['first', 'thinking-aside'], ['trial', 'thinking-aside, calm']]);
  expect(of('deepseek-v3.1')).toEqual([['first', undefined]]);
  expect(run('check', '--prompts', folder).stdout).toBe(stdout);
});

test('check says what is wrong with a folder that holds nothing or is not there', () => {
  const nothing = temporaryFolder();
  expect(run('check', nothing)).toMatchObject(failed('must be a folder that holds manifest.json'));
  expect(run('check', `${nothing}/none`)).toMatchObject(failed(`${nothing}/none: there is no such folder`));
});

test('prompt prints what would be sent', () => {
  const [match] = matches();
  const folder = write(temporaryFolder(), { 'one.json': match, 'two.json': matches(2), 'no.json': '{' });
  write(folder, { 'bom.json': `\ufeff${JSON.stringify(match)}` });
  const engine = new fallcast.Fallcast();
  for (const [file, asked] of [['one.json', [match]], ['bom.json', [match]], ['two.json', matches(2)]]) {
    const { system, user } = engine.buildPrompt('glm-4.6-syn', asked);
    const { status, stdout, stderr } = run('prompt', 'glm-4.6-syn', '--match', `${folder}/${file}`);
    expect(status).toBe(0);
    // The number of active models is that of the command's environment, which is the same.
    expect(stdout).toBe(`[system]\n${system}\n\n[user]\n${user}\n`);
    expect(stderr).toMatch(/version 1, overrides: english-enforced, about \d+ tokens/);
  }
  const prompt = (model, file, ...more) => run('prompt', model, '--match', `${folder}/${file}`, ...more);
  expect(prompt('glm', 'one.json')).toMatchObject(failed('"glm"'));
  expect(prompt('glm-4.6-syn', 'no.json')).toMatchObject(failed('no.json: '));
  expect(prompt('glm-4.6-syn', 'one.json', '--version', '7')).toMatchObject(failed('no prompt has the version "7"'));
});

test('a wrong use prints the usage and exits 2', () => {
  const usage = { status: 2, stdout: '', stderr: expect.stringContaining('Usage:') };
  for (const args of [[], ['prompt'], ['prompt', 'glm-4.6-syn'], ['chek'], ['check', 'a', 'b']]) {
    expect(run(...args), args.join(' ')).toMatchObject(usage);
  }
  expect(run('check', '--loud').status).toBe(2);
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('fallcast check') });
});
