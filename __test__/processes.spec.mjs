import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { upstreamFor } from './support.mjs';

/** Starts a program against an upstream; `ended` resolves with its code, signal and output. */
function start(name, upstream, args = [], more = {}) {
  const path = fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));
  const env = { ...process.env, UPSTREAM: upstream.baseUrl, ...more };
  const child = fork(path, args, { env, silent: true, execArgv: [] });
  onTestFinished(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { output += chunk; });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output: output.trim() }));
  return { child, ended };
}
const well = (output) => ({ code: 0, signal: null, output });

test.each(['one-call', 'default-engine'])('a process exits by itself after its last call: %s', async (program) => {
  expect(await start(program, await upstreamFor()).ended).toEqual(well('a'));
});

test.each(['one-call', 'default-engine'])('a process stays while a call is pending: %s', async (program) => {
  const upstream = await upstreamFor('held');
  const { child, ended } = start(program, upstream);
  await upstream.received(1);
  expect(child.exitCode).toBeNull();
  upstream.release();
  expect(await ended).toEqual(well('a'));
});

test('process.exit in the middle of calls ends at once with its code', async () => {
  const upstream = await upstreamFor('never');
  const { child, ended } = start('exit', upstream);
  await upstream.received(3);
  child.send('exit');
  expect(await ended).toEqual({ code: 7, signal: null, output: '' });
  await upstream.idle();
  expect(upstream.requests.map(({ state }) => state)).toEqual(Array(3).fill('closed_by_client'));
});

const threads = ['worker-own', 'worker-shared'];
test.each(threads)('twenty threads are terminated in the middle of a call: %s', async (program) => {
  const upstream = await upstreamFor('never');
  const { child, ended } = start('workers', upstream, [`./${program}.mjs`, '20']);
  await upstream.received(20);
  child.send('terminate');
  await Promise.race([once(child, 'message'), ended]);
  // The process still lives: it is the end of the threads that ends their requests.
  await upstream.idle();
  expect(upstream.requests.map(({ state }) => state)).toEqual(Array(20).fill('closed_by_client'));
  expect(child.exitCode).toBeNull();
  child.send('end');
  expect(await ended).toEqual(well(''));
});

test('the default engine is shared by all threads, and outlives each', async () => {
  const { ended } = start('shared', await upstreamFor());
  const answer = { modelId: 'a', models: 1, code: 'INVALID_CONFIG' };
  expect(await ended).toEqual(well(JSON.stringify([answer, answer])));
});

test('the shared engine is closed while threads wait in it, twice by each of them, and built anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const upstream = await upstreamFor('never');
  const { child, ended } = start('closing', upstream, [], { STATE_FILE: join(folder, 'state.json') });
  await upstream.received(8);
  child.send('close');
  const closed = ['CLOSED', 'CLOSED'];
  const said = { ended: [closed, closed, closed, closed], models: ['new'], seen: [['new'], ['new'], ['new']] };
  expect(await ended).toEqual(well(JSON.stringify(said)));
});

test('an engine is collected though its listeners name it, and tells as long as anybody can know', async () => {
  const upstream = await upstreamFor(({ index }) => (index < 2 ? 'clean' : 'held'));
  const { child, ended } = start('collected', upstream);
  await upstream.received(2);
  child.send('go on');
  await once(child, 'message');
  upstream.release();
  const { code, output } = await ended;
  expect({ code, ...JSON.parse(output) }).toEqual({
    code: 0,
    collected: { closed: true, 'listened to after its close': true, 'never closed': true },
    kept: ['disabled'],
    pending: ['attempt answered', 'call ended'],
  });
});

test.each([
  ['when nothing happens', [], ''],
  ['when a model is to come back', ['happen'], ''],
  ['after it was told of that', ['happen', 'wait'], 'disabled disabled'],
])('a process exits by itself with listeners: %s', async (_, args, output) => {
  const { ended } = start('listening', await upstreamFor(), args);
  expect(await ended).toEqual(well(output));
});

test('a promise of a listener that rejects harms nobody', async () => {
  const { ended } = start('rejecting', await upstreamFor());
  expect(await ended).toEqual(well('told of disabled'));
});

test('health outlives a restart by snapshot and restore', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const upstream = await upstreamFor('prose');
  const live = async () => JSON.parse((await start('restart', upstream, [join(folder, 'health.json')]).ended).output);
  const first = await live();
  expect(first).toMatchObject({ count: 1, code: 'ALL_ATTEMPTS_FAILED', state: 'active', consecutiveFailures: 1 });
  const second = await live();
  expect(second).toMatchObject({ count: 1, code: 'ALL_ATTEMPTS_FAILED', state: 'disabled', consecutiveFailures: 2 });
  const third = await live();
  expect(third).toMatchObject({ count: 0, code: 'NO_MODEL_AVAILABLE', state: 'disabled', consecutiveFailures: 2 });
  const drift = Math.abs(Date.parse(third.disabledUntil) - Date.parse(second.disabledUntil));
  expect(drift).toBeLessThan(1000);
  expect(upstream.requests).toHaveLength(2);
});

test('threads that listen may be terminated in a storm of events', async () => {
  const { ended } = start('terminated-listeners', await upstreamFor());
  expect(await ended).toEqual(well('true true'));
});

test('a listener that blocks its thread holds nobody up, and loses the oldest', async () => {
  const { ended } = start('blocked-listener', await upstreamFor());
  const { code, output } = await ended;
  expect(code).toBe(0);
  const { told, received, gaps } = JSON.parse(output);
  // It had the first in hand; of the others as many as may wait were kept.
  expect({ told, received }).toEqual({ told: 6000, received: 4097 });
  expect(gaps).toEqual([{ sequence: 6000 - 4095, dropped: 6000 - 4097 }]);
});
