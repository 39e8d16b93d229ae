import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

import { expect, test } from 'vitest';

import { BUILTIN, components, copyOfBuiltin, promptFolder, temporaryFolder, version, write } from './prompt-folder.mjs';
import { chain, engineFor, matches, thrown, upstreamFor } from './support.mjs';

const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };

/** What an event says of its call where there is none. */
const ofNoCall = { callId: null, requestId: null };
const reloaded = (...versions) => ({ versions, ...ofNoCall });
const rejected = (...faults) => ({ faults, ...ofNoCall });

/** Waits until a condition holds. */
const until = (condition) => expect.poll(condition, { timeout: 20_000, interval: 10 });

/** An engine with the models a and b and these prompts; its events, and its log records, by their names. */
function watching(prompts) {
  const told = [];
  const onLog = ({ message, fields }) => told.push([message, fields]);
  const engine = engineFor(chain(loopback, ['a', 'b'], { prompts, onLog }));
  engine.onEvent(({ type, sequence, at, dropped, ...fields }) => told.push([type, fields]));
  return { engine, of: (name) => told.filter(([known]) => known === name).map(([, fields]) => fields) };
}

const systemOf = (engine, modelId = 'a') => engine.buildPrompt(modelId, matches()).system;

/** Changes a file at one stroke: no moment shows it half written. */
function replace(folder, name, text) {
  write(folder, { [`.${name}.swp`]: text });
  renameSync(join(folder, `.${name}.swp`), join(folder, name));
}

test('a file that is written is in use without a call, for every model', async () => {
  const folder = promptFolder();
  const { engine, of } = watching(folder);
  for (const text of ['Four points.', 'Five points.']) {
    write(folder, { 'scoring.md': text });
    await until(() => systemOf(engine)).toContain(text);
    expect(systemOf(engine, 'b')).toContain(text);
  }
  await until(() => of('prompts_reloaded')).toEqual([reloaded('first'), reloaded('first')]);
});

test('a file that is renamed over another, as editors write', async () => {
  const folder = promptFolder();
  const { engine } = watching(folder);
  for (const text of ['Four points.', 'Five points.']) {
    replace(folder, 'scoring.md', text);
    await until(() => systemOf(engine)).toContain(text);
  }
});

test('a new version, and a component in a folder that was not there', async () => {
  const folder = promptFolder();
  const { engine } = watching(folder);
  write(folder, { 'overrides/loud.md': 'BE LOUD.' });
  const second = version({ models: ['a'], overrides: { a: ['loud'] } });
  write(folder, { 'manifest.json': { versions: { first: version(), second } } });
  await until(() => systemOf(engine)).toContain('BE LOUD.');
  expect(systemOf(engine, 'b')).not.toContain('BE LOUD.');
});

test.skipIf(process.platform === 'win32')('a ConfigMap, whose data is a link that Kubernetes swaps', async () => {
  const folder = temporaryFolder();
  const fill = (number, text) => {
    const data = join(folder, `..data_${number}`);
    renameSync(promptFolder(undefined, { 'scoring.md': text }), data);
    symlinkSync(`..data_${number}`, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  fill(1, 'Three points.');
  for (const name of ['manifest.json', 'task.md', 'scoring.md', 'output.md', 'matches.md', 'calm.md']) {
    symlinkSync(join('..data', name), join(folder, name));
  }
  const { engine, of } = watching(folder);
  expect(systemOf(engine)).toContain('Three points.');
  for (const number of [2, 3]) {
    fill(number, `Points: ${number}.`);
    await until(() => systemOf(engine)).toContain(`Points: ${number}.`);
    rmSync(join(folder, `..data_${number - 1}`), { recursive: true });
  }
  expect(of('prompts_rejected')).toEqual([]);
});

test.skipIf(process.platform === 'win32')('a link above the folder, as a release is put into use', async () => {
  const root = temporaryFolder();
  const release = (number) => {
    const prompts = promptFolder(undefined, { 'scoring.md': `Points: ${number}.` });
    mkdirSync(join(root, 'releases', number), { recursive: true });
    renameSync(prompts, join(root, 'releases', number, 'prompts'));
    symlinkSync(join('releases', number), join(root, 'next'));
    renameSync(join(root, 'next'), join(root, 'current'));
  };
  release('1');
  const { engine } = watching(join(root, 'current', 'prompts'));
  for (const number of ['2', '3']) {
    release(number);
    await until(() => systemOf(engine)).toContain(`Points: ${number}.`);
  }
});

test('a folder that is replaced as a whole', async () => {
  const folder = promptFolder();
  const { engine } = watching(folder);
  const aside = join(temporaryFolder(), 'aside');
  renameSync(folder, aside);
  renameSync(promptFolder(undefined, { 'scoring.md': 'Four points.' }), folder);
  await until(() => systemOf(engine)).toContain('Four points.');
  write(folder, { 'scoring.md': 'Five points.' });
  await until(() => systemOf(engine)).toContain('Five points.');
});

test('a faulty edit keeps what is in use and tells what is wrong, once; its repair is told too', async () => {
  const folder = promptFolder();
  const { engine, of } = watching(folder);
  const before = systemOf(engine);
  replace(folder, 'scoring.md', 'On {{day}}.');
  await until(() => of('prompts_rejected')).toHaveLength(1);
  const known = '{{active_models}}, {{date}}, {{matches}}';
  const fault = `${join(folder, 'scoring.md')}: line 1: nothing fills the placeholder {{day}}, known are ${known}`;
  expect(of('prompts_rejected')).toEqual([rejected(fault)]);
  expect(of('prompts rejected')).toEqual([{ faults: fault }]);
  expect(systemOf(engine)).toBe(before);
  replace(folder, 'scoring.md', 'On {{date}}.');
  await until(() => of('prompts_reloaded')).toHaveLength(1);
  expect(systemOf(engine)).toContain(`On ${new Date().toISOString().slice(0, 10)}.`);
  expect(of('prompts_rejected')).toHaveLength(1);
});

test('what a model of the catalogue names cannot be taken away', async () => {
  const folder = promptFolder();
  const { engine, of } = watching(folder);
  engine.updateCatalog({ models: chain(loopback, { b: { promptOverrides: ['calm'] } }).models });
  rmSync(join(folder, 'calm.md'));
  await until(() => of('prompts_rejected')).toHaveLength(1);
  const fault = 'config.prompts: has no component "calm", a prompt override of the model "b"';
  expect(of('prompts_rejected')).toEqual([rejected(fault)]);
  expect(systemOf(engine, 'b')).toContain('Keep calm.');
});

test.skipIf(process.platform === 'win32')('an override that cannot be read is not taken for absent', async () => {
  const folder = promptFolder(undefined, { 'overrides/json-strict.md': 'Mine.' });
  const { engine, of } = watching(folder);
  engine.updateCatalog({ models: chain(loopback, { b: { promptOverrides: ['json-strict'] } }).models });
  const file = join(folder, 'overrides/json-strict.md');
  rmSync(file);
  symlinkSync('nowhere.md', file);
  const missing = expect.stringContaining(`${file}: cannot be read`);
  await until(() => of('prompts_rejected').at(-1)?.faults).toEqual([missing]);
  expect(systemOf(engine, 'b')).toContain('Mine.');
  rmSync(join(folder, 'overrides'), { recursive: true });
  symlinkSync('overrides', join(folder, 'overrides'));
  const loop = expect.stringContaining(`${join(folder, 'overrides')}: cannot be read`);
  await until(() => of('prompts_rejected').at(-1).faults).toEqual([loop]);
  expect(systemOf(engine, 'b')).toContain('Mine.');
});

test('reloadPrompts does it now, and throws what is wrong', () => {
  const folder = promptFolder();
  const { engine } = watching(folder);
  expect(engine.reloadPrompts()).toBe(false);
  write(folder, { 'manifest.json': { versions: { first: version({ system: ['scorings'] }) } } });
  // The watch may have been quicker; the fault is told to who asks all the same.
  const fault = `${join(folder, 'manifest.json')}: versions.first.system[0]: unknown component, got "scorings"`;
  for (let times = 0; times < 2; times += 1) {
    expect(thrown(() => engine.reloadPrompts())).toMatchObject({ code: 'INVALID_CONFIG', message: fault });
  }
  expect(systemOf(engine)).toContain('The exact score earns the most.');
  write(folder, { 'manifest.json': { versions: { second: version({ system: ['scoring'] }) } } });
  engine.reloadPrompts();
  expect(engine.getPrompts().map((entry) => entry.version)).toEqual(['second']);
  expect(systemOf(engine)).toBe('The exact score earns the most.\n\nAnswer as JSON.');
});

test('a relative path means the same folder whatever the working directory becomes', () => {
  const folder = promptFolder();
  const before = process.cwd();
  const { engine } = watching(relative(before, folder));
  try {
    process.chdir(join(BUILTIN, 'overrides'));
    write(folder, { 'scoring.md': 'Four points.' });
    engine.reloadPrompts();
  } finally {
    process.chdir(before);
  }
  expect(systemOf(engine)).toContain('Four points.');
});

test('prompts that come from no folder are not reloaded', () => {
  expect(engineFor(chain(loopback, ['a'])).reloadPrompts()).toBe(false);
});

test('a pin outlives a reload, and a reload without the pinned version is refused', () => {
  const versions = { good: version({ system: ['calm'] }), bad: version({ activeFrom: '2026-01-01', weight: 1 }) };
  versions.good.weight = 1;
  const folder = promptFolder(versions);
  const { engine } = watching(folder);
  engine.activatePrompts('good');
  write(folder, { 'calm.md': 'Stay calm.' });
  engine.reloadPrompts();
  expect(systemOf(engine)).toBe('Stay calm.\n\nAnswer as JSON.');
  expect(engine.getPrompts().find((entry) => entry.pinned).version).toBe('good');
});

test('what the pin forbade is in use once the pin is gone', async () => {
  const versions = { good: version({ system: ['calm'], weight: 1 }), bad: version({ weight: 1 }) };
  const folder = promptFolder(versions);
  const { engine, of } = watching(folder);
  engine.activatePrompts('good');
  write(folder, { 'manifest.json': { versions: { bad: versions.bad } } });
  const fault = 'config.prompts: has no version "good", which is pinned';
  await until(() => of('prompts_rejected')).toEqual([rejected(fault)]);
  expect(thrown(() => engine.reloadPrompts()).message).toBe(fault);
  engine.activatePrompts('good');
  expect(engine.getPrompts().map((entry) => entry.version)).toEqual(['good', 'bad']);
  engine.activatePrompts(null);
  expect(engine.getPrompts().map((entry) => entry.version)).toEqual(['bad']);
  await until(() => of('prompts_reloaded')).toEqual([reloaded('bad')]);
});

test('what the catalogue forbade is in use once the catalogue allows it', async () => {
  const folder = promptFolder();
  const { engine, of } = watching(folder);
  const catalogWith = (b) => ({ models: chain(loopback, { b }).models });
  engine.updateCatalog(catalogWith({ promptOverrides: ['calm'] }));
  rmSync(join(folder, 'calm.md'));
  write(folder, { 'scoring.md': 'Four points.' });
  expect(thrown(() => engine.reloadPrompts()).message).toMatch('has no component "calm"');
  engine.updateCatalog(catalogWith({ promptOverrides: ['json-strict'] }));
  expect(systemOf(engine)).toContain('Four points.');
  await until(() => of('prompts_reloaded')).toEqual([reloaded('first')]);
});

test('a snapshot has the pin, and restore pins what is there and not pinned otherwise', () => {
  const versions = { good: version({ weight: 1 }), bad: version({ weight: 1 }) };
  const pinned = (engine) => engine.getPrompts().find((entry) => entry.pinned)?.version ?? null;
  const [from, to, other] = [versions, versions, undefined].map((given) => watching(promptFolder(given)).engine);
  expect(from.snapshot().pinnedPrompts).toBeNull();
  from.activatePrompts('good');
  const snapshot = from.snapshot();
  expect(snapshot.pinnedPrompts).toBe('good');
  to.restore(snapshot);
  expect(pinned(to)).toBe('good');
  to.activatePrompts('bad');
  to.restore(snapshot);
  expect(pinned(to)).toBe('bad');
  other.restore(snapshot);
  expect(pinned(other)).toBeNull();
  expect(thrown(() => to.restore({ version: 1, pinnedPrompts: 1 })).message).toMatch('snapshot.pinnedPrompts: ');
});

test('a pin is in the state file', async () => {
  const prompts = { versions: { good: version({ weight: 1 }), bad: version({ weight: 1 }) }, components };
  const config = chain(loopback, ['a'], { prompts, stateFile: join(temporaryFolder(), 'state.json') });
  const first = engineFor(config);
  first.activatePrompts('good');
  await first.close();
  expect(engineFor(config).getPrompts().map(({ pinned }) => pinned)).toEqual([true, false]);
});

test('a thousand requests in flight across a reload: each has one version, the one with which it began', async () => {
  const texts = (text) => ({ 'scoring.md': `System ${text}.`, 'matches.md': `User ${text}:\n{{matches}}` });
  const named = (text) => ({ ...texts(text), 'manifest.json': { versions: { [text]: version() } } });
  const folder = promptFolder({ one: version() }, texts('one'));
  const upstream = await upstreamFor('held');
  // Most of them wait for their turn, and are written only after the reload.
  const config = chain(upstream, ['a'], { prompts: folder });
  config.providers[0].maxConcurrency = 50;
  const engine = engineFor(config);
  const request = { modelId: 'a', matches: matches() };
  const ask = (count) => Array.from({ length: count }, () => engine.predictWithFallback(request));

  const before = ask(1000);
  await upstream.received(50);
  const next = promptFolder({ two: version() }, named('two'));
  renameSync(folder, join(temporaryFolder(), 'aside'));
  renameSync(next, folder);
  engine.reloadPrompts();
  await until(() => engine.getPrompts()[0].version).toBe('two');
  const after = ask(50);
  upstream.release();

  const versions = async (calls) => new Set((await Promise.all(calls)).map((outcome) => outcome.promptVersion));
  expect(await versions(before)).toEqual(new Set(['one']));
  expect(await versions(after)).toEqual(new Set(['two']));
  const sent = upstream.requests.map(({ body: { messages: [system, user] } }) =>
    [/System (\w+)\./.exec(system.content)[1], /User (\w+):/.exec(user.content)[1]].join());
  expect(sent.filter((pair) => pair === 'one,one')).toHaveLength(1000);
  expect(sent.filter((pair) => pair === 'two,two')).toHaveLength(50);
});

test('many engines watch one folder, and a closed one watches no more', async () => {
  const folder = promptFolder();
  const engines = Array.from({ length: 20 }, () => watching(folder));
  await engines[0].engine.close();
  write(folder, { 'scoring.md': 'Four points.' });
  for (const { engine } of engines.slice(1)) await until(() => systemOf(engine)).toContain('Four points.');
  expect(engines[0].of('prompts_reloaded')).toEqual([]);
});

test('a watched folder does not keep the process alive', () => {
  const program = `const { Fallcast } = require('./main.js');
    const engine = new Fallcast({ prompts: ${JSON.stringify(copyOfBuiltin())} });
    console.log(engine.getPrompts()[0].version);`;
  const options = { cwd: new URL('..', import.meta.url), encoding: 'utf8', timeout: 20_000 };
  const { status, stdout, signal } = spawnSync(process.execPath, ['--eval', program], options);
  expect({ status, stdout, signal }).toEqual({ status: 0, stdout: '1\n', signal: null });
});
