import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { byModel, scoreOf } from '../examples/upstream.mjs';
import { promptFolder, temporaryFolder, version, write } from './prompt-folder.mjs';
import { chain, engineFor, fallcast, matches, upstreamFor } from './support.mjs';

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

test.for(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])('check warns of what retires within 30 days, or is retired, by days in UTC, in %s too', (TZ) => {
  const day = (days) => new Date(Date.now() + days * 24 * 3_600_000).toISOString().slice(0, 10);
  const { models, providers } = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, {
    yesterday: { retiresOn: day(-1) }, today: { retiresOn: day(0) }, tomorrow: { retiresOn: day(1) }, month: { retiresOn: day(30) },
    later: { retiresOn: day(31) }, never: {}, off: { enabled: false, retiresOn: day(1) }, gone: { enabled: false, retiresOn: day(-1) },
  });
  const entries = models.map(({ fallbacks, ...entry }) => entry);
  const folder = write(temporaryFolder(), { 'models.json': { models: entries }, 'providers.json': { providers } });
  const { status, stderr } = spawnSync(process.execPath, [program, 'check', folder], { encoding: 'utf8', env: { ...process.env, TZ } });
  const own = stderr.split('\n').filter((line) => /^warning: (yesterday|today|tomorrow|month|later|never|off|gone) /.test(line));
  expect({ status, own }).toEqual({
    status: 0,
    own: [
      `warning: yesterday is retired since ${day(-1)} and is passed over`,
      `warning: today is retired since ${day(0)} and is passed over`,
      `warning: tomorrow retires on ${day(1)}`,
      `warning: month retires on ${day(30)}`,
    ],
  });
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

describe('slate', () => {
  const file = (held) => `${write(temporaryFolder(), { 'slate.json': held })}/slate.json`;
  const configFor = (upstream, models) => file(chain(upstream, models));
  /** Runs the command beside an upstream of this process. */
  async function runBeside(...args) {
    const child = spawn(process.execPath, [program, ...args]);
    onTestFinished(() => child.kill('SIGKILL'));
    const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { status, stdout, stderr };
  }

  test('shows a bar for each provider, then the table', async () => {
    const upstream = await upstreamFor();
    const config = configFor(upstream, ['a', 'b']);
    const args = ['slate', file(matches(2)), '--config', config, '--models', 'a,b', '--allow-started'];
    const { status, stdout, stderr } = await runBeside(...args);
    expect(stderr).toBe(`p            ${'█'.repeat(30)} 4/4\n`);
    expect(status).toBe(0);
    const { homeScore, awayScore } = scoreOf('m1');
    expect(stdout).toMatch(new RegExp(`^Home 1 – Away 1 +${homeScore}:${awayScore} +2 `, 'm'));
    expect(stdout).toMatch(/^4 of 4 cells, \$0\.\d+, \d+\.\d s$/m);
  });

  test('says what is missing, and exits 1', async () => {
    const upstream = await upstreamFor(byModel({ a: 'prose', b: 'clean' }));
    const config = configFor(upstream, { a: { fallbacks: [] }, b: {} });
    const { status, stdout, stderr } = await runBeside('slate', file({ matches: matches(1), models: ['a', 'b'] }), '--config', config, '--allow-started');
    expect(status).toBe(1);
    expect(stderr).toBe(`p            ${'█'.repeat(15)}${'░'.repeat(15)} 1/2, 1 missed\n`);
    expect(stdout).toContain('; missing: 1 parse_error');
  });

  test('prints an event a line for machines, and what came of it last', async () => {
    const upstream = await upstreamFor(byModel({ a: 'clean', b: 'prose' }));
    const config = configFor(upstream, ['a', 'b']);
    const { stdout, stderr } = await runBeside('slate', file(matches(1)), '--config', config, '--allow-started', '--json');
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
    const types = lines.map(({ type }) => type);
    expect([types[0], ...types.slice(-2)]).toEqual(['progress', 'progress', 'result']);
    expect(lines.find(({ type }) => type === 'missed')).toMatchObject({ modelId: 'b', why: 'parse_error', error: { code: 'ALL_ATTEMPTS_FAILED' } });
    expect(lines.at(-1)).toMatchObject({ requests: 1, complete: false, missing: [{ modelId: 'b', matchId: 'm1', why: 'parse_error' }] });
  });

  test('says what is wrong with a file, a request or an option', () => {
    expect(run('slate', file([]))).toMatchObject(failed('request.matches: must hold 1 to 1000 matches, got 0'));
    expect(run('slate', file(matches(1)), '--models', 'nobody')).toMatchObject(failed('request.models[0]: no model has the id "nobody"'));
    expect(run('slate', file(matches(1)), '--max-cost', 'much')).toMatchObject(failed('--max-cost: must be a number, got "much"'));
    expect(run('slate', `${temporaryFolder()}/nothing.json`)).toMatchObject(failed('nothing.json'));
    expect(run('slate')).toMatchObject({ status: 2 });
  });
});
