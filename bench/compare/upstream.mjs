/** Builds and starts the upstream. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * An upstream in a process of its own: where it is asked without TLS, over TLS with HTTP/1.1 and over TLS with HTTP/2,
 * the certificate to trust, in PEM, and what ends it.
 */
export async function startUpstream() {
  const manifest = here('../upstream/Cargo.toml');
  execFileSync('cargo', ['build', '--release', '--quiet', '--locked', '--manifest-path', manifest], { stdio: ['ignore', 2, 2] });
  const child = spawn(here('../upstream/target/release/upstream'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { plain, tls, h2, certificate } = JSON.parse(line);
  const origins = { plain: `http://127.0.0.1:${plain}`, tls: `https://127.0.0.1:${tls}`, h2: `https://127.0.0.1:${h2}` };
  return { origins, certificate, close: () => child.stdin.end() };
}
