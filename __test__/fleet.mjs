/** What the specs of a fleet share: a Redis on a port of its own, members in processes of their own, a proxy between. */
import { fork, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createClient } from 'redis';
import { onTestFinished } from 'vitest';

import { fakeTime } from './redis-is-missing.mjs';

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * A Redis in a folder of its own, without persistence unless `args` say otherwise. `ahead`: its clock is ahead by so many
 * milliseconds, which `setAhead` changes. `tls`: it speaks nothing else, with the files of a certificate.
 */
export async function startServer({ port, args = [], folder = mkdtempSync(join(tmpdir(), 'fallcast-')), ahead, tls } = {}) {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = join(folder, 'clock');
  const setAhead = (ms) => writeFileSync(clock, `${ms < 0 ? '' : '+'}${(ms / 1000).toFixed(3)}`);
  const env = { ...process.env };
  if (ahead !== undefined) {
    setAhead(ahead);
    Object.assign(env, {
      // The C library's own allocator, for the one that Debian's Redis uses asks for the time before the library is ready.
      LD_PRELOAD: `${fakeTime} libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
  }
  for (let attempt = 0; ; attempt += 1) {
    const own = port ?? await freePort();
    const ports = tls
      ? ['--port', 0, '--tls-port', own, '--tls-cert-file', tls.cert, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.ca]
      : ['--port', own];
    const common = [...ports, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...common, ...args].map(String), { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => child.kill('SIGKILL'));
    const ended = once(child, 'close');
    let ready = false;
    for await (const line of createInterface(child.stdout)) {
      if ((ready = /ready to accept connections/i.test(line))) break;
    }
    child.stdout.resume();
    // Somebody else may have taken the port meanwhile.
    if (!ready && attempt < 20 && port === undefined) continue;
    if (!ready) throw new Error('Redis did not start');
    return { port: own, child, folder, ended, setAhead, url: `${tls ? 'rediss' : 'redis'}://127.0.0.1:${own}` };
  }
}

const HOUR = 3_600_000;

/** A time of at least an hour ahead and at most a day, far from any midnight. */
function nextNoon() {
  const midnight = Math.floor(Date.now() / (24 * HOUR)) * 24 * HOUR;
  return [12, 18, 36].map((hours) => midnight + hours * HOUR).find((time) => time >= Date.now() + HOUR);
}

/**
 * Has the fleet on a server take it to be noon, and stay so: the day is by the greatest time that the server ever gave, if its
 * clock is behind by less than a day. So no day ends while a test spends it.
 */
export async function stayAtNoon(server) {
  const client = await clientOf(server);
  await client.set('fallcast:1:clock', nextNoon());
}

/** A client of a server that is closed after the test. */
export async function clientOf(server, options = {}) {
  const client = createClient({ url: server.url, ...options });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** The configuration of models that nobody answers for, in a fleet. */
export const fleetConfig = (server, models = ['a', 'b', 'c'], { fleet = {}, ...config } = {}) => ({
  builtinCatalog: false,
  providers: [{ id: 'p', baseUrl: 'http://127.0.0.1:9/v1' }],
  models: models.map((id) => ({ id, provider: 'p', upstreamModel: id, promptUsdPer1M: 1, completionUsdPer1M: 2 })),
  maxRetries: 0,
  fleet: { url: server.url, ...fleet },
  ...config,
});

/** What was told, in order, and a wait for it. */
function record() {
  const told = [];
  const news = new EventEmitter();
  return {
    told,
    add(what) {
      told.push(what);
      news.emit('told');
    },
    /** Resolves with all of it, once that satisfies a condition. */
    async until(condition) {
      while (!condition(told)) await once(news, 'told');
      return told;
    },
  };
}

/** A member in a process of its own; `ask` calls a method of its engine. */
export async function startMember(config, env = {}) {
  const program = fileURLToPath(new URL('programs/member.mjs', import.meta.url));
  const child = fork(program, { env: { ...process.env, ...env }, serialization: 'advanced' });
  onTestFinished(() => child.kill('SIGKILL'));
  const waiting = new Map();
  const [events, invalidations, logs] = [record(), record(), record()];
  const ended = once(child, 'close').then(([code, signal]) => {
    for (const { reject } of waiting.values()) reject(new Error(`the member ended: ${code ?? signal}`));
    return { code, signal };
  });
  child.on('message', ({ id, value, error, event, invalidation, log }) => {
    if (event) events.add(event);
    if (invalidation) invalidations.add(invalidation);
    if (log) logs.add(log);
    if (!waiting.has(id)) return;
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(value);
  });
  child.send(config);
  let asked = 0;
  const ask = (method, args = [], times = 1) => new Promise((resolve, reject) => {
    waiting.set(asked += 1, { resolve, reject });
    child.send({ id: asked, method, args, times });
  });
  return {
    child,
    ended,
    ask,
    events: events.told,
    untilEvents: events.until,
    untilCounts: invalidations.until,
    counts: invalidations.told,
    logs: logs.told,
    /** Resolves with the nth event of a type. */
    async event(type, nth = 1) {
      const ofType = (told) => told.filter((event) => event.type === type);
      return ofType(await events.until((told) => ofType(told).length >= nth))[nth - 1];
    },
    joined: () => events.until((told) => told.some(({ type }) => type === 'fleet_joined')),
    /** The events of some types, in short. */
    told: (...types) => events.told.filter(({ type }) => types.includes(type)).map(({ type, modelId }) => `${type} ${modelId}`),
  };
}

/**
 * A proxy in front of a server. `delay(ms)` holds every chunk back for so long; `cut()` ends all connections and refuses new
 * ones until `mend()`; `drop('up' | 'down')` swallows one direction; `pick` decides by a connection's first bytes.
 */
export async function startProxy(server) {
  const pairs = new Set();
  const state = { port: server.port, delay: 0, cut: false, drop: null, refuses: null };
  const listener = createServer((client) => {
    client.on('error', () => {});
    if (state.cut) {
      client.destroy();
      return;
    }
    const upstream = connect(state.port, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    const pair = { client, upstream, subscribed: false };
    pairs.add(pair);
    const pass = (from, to, direction) => from.on('data', (chunk) => {
      if (direction === 'up' && chunk.includes('SUBSCRIBE')) {
        pair.subscribed = true;
        if (state.refuses === 'subscribe') {
          client.write('-NOPERM this user has no permissions to access one of the channels\r\n');
          return;
        }
      }
      if (state.drop === direction || (state.drop === 'news' && direction === 'down' && pair.subscribed)) return;
      if (state.delay === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), state.delay);
    });
    pass(client, upstream, 'up');
    pass(upstream, client, 'down');
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on('close', end);
    upstream.on('close', end);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  const endAll = () => pairs.forEach(({ client, upstream }) => {
    client.destroy();
    upstream.destroy();
  });
  onTestFinished(() => {
    listener.close();
    endAll();
  });
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    delay: (ms) => { state.delay = ms; },
    drop: (direction) => { state.drop = direction; },
    to(port) {
      state.port = port;
      endAll();
    },
    refuse: (what) => { state.refuses = what; },
    cut() {
      state.cut = true;
      endAll();
    },
    mend() {
      state.cut = false;
      state.drop = null;
    },
  };
}
