/**
 * Builds `examples/next` with the packages as they are published, starts it, and reads what it serves; and sees that it is not built
 * without the line that the README asks for.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../examples/next', import.meta.url));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Waits until the server answers. */
async function answer(url, ended) {
  for (;;) {
    const response = await Promise.race([fetch(url).catch(() => undefined), ended.then(() => { throw new Error('Next.js ended'); })]);
    if (response) return response;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

/** Tries the example with these tarballs, in a folder below `work`. */
export async function checkNext(work, tarballs) {
  const app = join(work, 'next');
  rmSync(app, { recursive: true, force: true });
  cpSync(example, app, { recursive: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  const options = { cwd: app, env, stdio: ['ignore', 'inherit', 'inherit'] };
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], options);
  const next = join(app, 'node_modules', 'next', 'dist', 'bin', 'next');
  execFileSync(process.execPath, [next, 'build'], options);
  const port = await freePort();
  const server = spawn(process.execPath, [next, 'start', '--port', String(port), '--hostname', '127.0.0.1'], options);
  const ended = once(server, 'close');
  try {
    const url = `http://127.0.0.1:${port}`;
    const page = await (await answer(url, ended)).text();
    assert.match(page, /Active models: <b id="count">\d+<\/b>/);
    const status = await fetch(`${url}/status/status.json`);
    assert.equal(typeof (await status.json()).activeModelCount, 'number');
    assert.match(await (await fetch(`${url}/status`)).text(), /<title>Fallcast<\/title>/);
    console.log(`Next.js serves the reader and the status page on ${url}`);
  } finally {
    server.kill('SIGTERM');
    await ended;
  }

  writeFileSync(join(app, 'next.config.mjs'), 'export default {};\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, [next, 'build'], { cwd: app, env, encoding: 'utf8' });
  assert.notEqual(status, 0, 'it is built without serverExternalPackages');
  assert.match(stdout + stderr, /fallcast\.[\w-]+\.node/);
  console.log('without serverExternalPackages it is not built, for the binary');
}
