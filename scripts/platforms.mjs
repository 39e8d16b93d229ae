/** The platforms whose binaries are built and run here, on Linux on x64: with what they are built, inspected and run. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { wheel } from './tools.mjs';

const sysroots = fileURLToPath(new URL('../target/tools/sysroots/', import.meta.url));

/** What a bare glibc system has, as far as a binary may ask for it. */
const GLIBC = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'librt.so.1'];

/** How each is built: the Rust target, the oldest glibc, and the libraries that it may ask for. */
export const PLATFORMS = {
  'linux-x64-gnu': { target: 'x86_64-unknown-linux-gnu', glibc: '2.17', libraries: ['ld-linux-x86-64.so.2', ...GLIBC] },
  'linux-x64-musl': { target: 'x86_64-unknown-linux-musl', libraries: ['libc.so'] },
  'linux-arm64-gnu': { target: 'aarch64-unknown-linux-gnu', glibc: '2.17', libraries: ['ld-linux-aarch64.so.1', ...GLIBC] },
  'linux-arm64-musl': { target: 'aarch64-unknown-linux-musl', libraries: ['libc.so'] },
};

const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

/** Debian packages, unpacked; the folder in which they are. `packages` says which, once apt knows them all. */
function unpacked(name, packages) {
  const folder = join(sysroots, name);
  if (existsSync(join(folder, 'done'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('dpkg', ['--add-architecture', 'arm64']);
  run('apt-get', ['update', '-q']);
  for (const each of packages()) run('apt-get', ['download', '-q', each], { cwd: folder });
  for (const file of readdirSync(folder)) run('dpkg-deb', ['-x', join(folder, file), folder]);
  mkdirSync(join(folder, 'done'));
  return folder;
}

/** The packages that a package of Debian needs, by how their names begin. */
const needed = (name, begins) => [...run('apt-cache', ['depends', name]).matchAll(/Depends: (\S+)/g)]
  .map(([, other]) => other).filter((other) => other.startsWith(begins));

/**
 * What the environment of a build must have besides, so that Rust has a standard library for the platform; undefined if there is
 * none. Where the toolchain at hand has none for arm64, Debian's is taken, which is packaged for every architecture.
 */
export function toolchain(platform) {
  const { target } = PLATFORMS[platform];
  if (existsSync(join(run('rustc', ['--print', 'sysroot']).trim(), 'lib', 'rustlib', target))) return {};
  if (platform !== 'linux-arm64-gnu') return undefined;
  const folder = unpacked('rustc', () => {
    const [library] = needed('libstd-rust-web-dev', 'libstd-rust-web-');
    return ['rustc-web', library, ...needed(library, 'libllvm'), 'libstd-rust-web-dev', 'libstd-rust-web-dev:arm64'];
  });
  return { RUSTC: join(folder, 'usr/bin/rustc'), LD_LIBRARY_PATH: join(folder, 'usr/lib/x86_64-linux-gnu') };
}

/** How a Node.js for another platform is run here: its label, and the words that come before a program's name. */
export function runners(platform) {
  switch (platform) {
    case 'linux-x64-musl': {
      const loader = join(unpacked('musl-amd64', () => ['musl']), 'lib', 'ld-musl-x86_64.so.1');
      return whereItRuns({ label: "Node.js on musl's loader", words: [loader, wheel('musllinux_1_2_x86_64').program] });
    }
    case 'linux-arm64-gnu': {
      const root = unpacked('glibc-arm64', () => ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1'].map((name) => `${name}:arm64`));
      return [{ label: 'Node.js for arm64 under qemu', words: ['qemu-aarch64-static', '-L', root, wheel('manylinux_2_17_aarch64').program] }];
    }
    default: {
      const root = unpacked('musl-arm64', () => ['musl:arm64']);
      const words = ['qemu-aarch64-static', '-L', root, wheel('musllinux_1_2_aarch64').program];
      return whereItRuns({ label: 'Node.js for arm64 on musl under qemu', words });
    }
  }
}

/** A Node.js for musl needs musl 1.2.4 or later, which an older Debian does not have: then nothing is run, and that is said. */
function whereItRuns({ label, words: [program, ...words] }) {
  try {
    run(program, [...words, '--version'], { stdio: 'ignore' });
    return [{ label, words: [program, ...words] }];
  } catch {
    console.log(`\n== not run: ${label} does not start here`);
    return [];
  }
}

/** Unpacks tarballs as an installation would lay them, for programs of another platform than npm runs on. */
export function unpack(project, tarballs) {
  for (const { name, tarball } of tarballs) {
    const folder = join(project, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    copyFileSync(tarball, join(folder, 'package.tgz'));
    run('tar', ['-xzf', 'package.tgz', '--strip-components=1'], { cwd: folder });
    rmSync(join(folder, 'package.tgz'));
  }
}
