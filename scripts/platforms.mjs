/** The platforms whose binaries are built and run here, on Linux on x64: with what they are built, inspected and run. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodes, wheel } from './tools.mjs';

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

/** Debian packages of another architecture, unpacked; the folder in which they are. */
function sysroot(architecture, packages) {
  const folder = join(sysroots, architecture, packages.join('+'));
  if (existsSync(join(folder, 'done'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('dpkg', ['--add-architecture', architecture]);
  run('apt-get', ['update', '-q']);
  for (const name of packages) run('apt-get', ['download', '-q', `${name}:${architecture}`], { cwd: folder });
  for (const file of run('ls', [folder]).trim().split('\n')) run('dpkg-deb', ['-x', join(folder, file), folder]);
  mkdirSync(join(folder, 'done'));
  return folder;
}

/** How a Node.js for the platform is run here: its label, and the words that come before a program's name. */
export function runners(platform) {
  switch (platform) {
    case 'linux-x64-gnu':
      return nodes().map(({ node }) => ({ label: 'Node.js', words: [node] }));
    case 'linux-x64-musl': {
      const loader = join(sysroot('amd64', ['musl']), 'lib', 'ld-musl-x86_64.so.1');
      const node = wheel('musllinux_1_2_x86_64');
      return [{ label: "Node.js on musl's loader", words: [loader, '--library-path', node.libraries, node.program] }];
    }
    case 'linux-arm64-gnu': {
      const root = sysroot('arm64', ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1']);
      return [{ label: 'Node.js for arm64 under qemu', words: ['qemu-aarch64-static', '-L', root, wheel('manylinux_2_17_aarch64').program] }];
    }
    default: {
      const root = sysroot('arm64', ['musl']);
      const node = wheel('musllinux_1_2_aarch64');
      return [{
        label: 'Node.js for arm64 on musl under qemu',
        words: ['qemu-aarch64-static', '-L', root, '-E', `LD_LIBRARY_PATH=${node.libraries}`, node.program],
      }];
    }
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
