/** Builds and starts the upstream. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** An upstream in a process of its own: its port, and what ends it. */
export async function startUpstream() {
  const manifest = here('../upstream/Cargo.toml');
  execFileSync('cargo', ['build', '--release', '--quiet', '--locked', '--manifest-path', manifest], { stdio: ['ignore', 2, 2] });
  const child = spawn(here('../upstream/target/release/upstream'), { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { port: Number(line), close: () => child.stdin.end() };
}
