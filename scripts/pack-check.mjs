/**
 * Builds the binary for linux-x64-gnu as a release does, packs it and the main package, installs both into an empty
 * project without a Rust toolchain, and uses them there from CommonJS, ESM and TypeScript, in every version of Node.js
 * that the package is for. Needs Linux on x64 with glibc, Python 3 with venv, and binutils.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodes, zigbuild } from './tools.mjs';

const PLATFORM = 'linux-x64-gnu';
const GLIBC = '2.17';
const MOST_BYTES = 8_000_000;
/** What a bare glibc system has, as far as a binary may ask for it. */
const LIBRARIES = ['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'librt.so.1'];
/** What the main package holds beside the whole folders `alerts`, `bin`, `catalog`, `docs`, `otel` and `status`. */
const FILES = [
  'CHANGELOG.md', 'LICENSE', 'README.md', 'ask.js', 'crossing.js', 'examples/asked.js', 'examples/manners.js', 'examples/recording.js', 'examples/upstream.d.mts',
  'examples/upstream.d.ts', 'examples/upstream.js', 'examples/upstream.mjs',
  'index.d.ts', 'index.js', 'main.js', 'options.js', 'package.json', 'schema.js', 'slate.js', 'urls.js',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const work = join(root, 'target', 'pack');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { name, version } = manifest;
const binary = `${manifest.napi.binaryName}.${PLATFORM}.node`;
const napi = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');

const step = (text) => console.log(`\n== ${text}`);
const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

/** Every file below a folder of the clone that git knows. */
const tracked = (...folders) => run('git', ['ls-files', '--', ...folders]).trim().split('\n');

/** Builds the binary against the oldest glibc that is supported. */
function build() {
  const args = ['build', '--platform', '--release', '--cross-compile', '--target', `x86_64-unknown-linux-gnu.${GLIBC}`,
    '--manifest-path', 'addon/Cargo.toml', '--output-dir', join(work, 'binary'), '--no-js'];
  const env = { ...process.env, PATH: `${zigbuild()}:${process.env.PATH}` };
  run(process.execPath, [napi, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return join(work, 'binary', binary);
}

/** The binary asks for no glibc above `GLIBC`, for no library that may be missing, and is small. */
function inspect(path) {
  const needed = [...run('readelf', ['--dynamic', path]).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library]) => library);
  assert.deepEqual(needed.filter((library) => !LIBRARIES.includes(library)), [], 'libraries that may be missing');
  const versions = [...run('readelf', ['--version-info', path]).matchAll(/GLIBC_(\d+)\.(\d+)/g)];
  const [highest] = versions.map(([, ...parts]) => parts.map(Number)).sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  const [major, minor] = GLIBC.split('.').map(Number);
  assert.ok(highest[0] === major && highest[1] <= minor, `needs glibc ${highest.join('.')}`);
  const { size } = statSync(path);
  console.log(`${binary}: ${kilobytes(size)}, needs glibc ${highest.join('.')}, ${needed.join(', ')}`);
  assert.ok(size <= MOST_BYTES, `larger than ${kilobytes(MOST_BYTES)}`);
}

/** Packs a folder; the path of the tarball and the files in it. */
function pack(folder) {
  const output = run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', work], { cwd: folder });
  const [{ filename, size, unpackedSize, files }] = JSON.parse(output);
  console.log(`${filename}: ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}, ${files.length} files`);
  return { tarball: join(work, filename), files: files.map(({ path }) => path).sort() };
}

/** The packages as a release publishes them: the napi CLI names the platforms' packages in the main one. */
function packages(built) {
  const stage = join(work, 'stage');
  const whole = ['alerts', 'bin', 'catalog', 'docs', 'otel', 'status'];
  for (const path of [...FILES, ...whole, 'npm']) cpSync(join(root, path), join(stage, path), { recursive: true });
  for (const platform of readdirSync(join(stage, 'npm'))) {
    copyFileSync(join(root, 'LICENSE'), join(stage, 'npm', platform, 'LICENSE'));
    // The CLI wants every binary to be there; only that of this platform is packed.
    writeFileSync(join(stage, 'npm', platform, `${manifest.napi.binaryName}.${platform}.node`), '');
  }
  copyFileSync(built, join(stage, 'npm', PLATFORM, binary));
  run(process.execPath, [napi, 'pre-publish', '--tag-style', 'npm', '--no-gh-release', '--skip-optional-publish'], { cwd: stage });
  const { optionalDependencies } = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'));
  const platforms = readdirSync(join(stage, 'npm')).map((platform) => [`${name}-${platform}`, version]);
  assert.deepEqual(optionalDependencies, Object.fromEntries(platforms));

  const main = pack(stage);
  assert.deepEqual(main.files, [...FILES, ...tracked(...whole)].sort());
  const platform = pack(join(stage, 'npm', PLATFORM));
  assert.deepEqual(platform.files, ['LICENSE', 'README.md', binary, 'package.json']);
  return [main.tarball, platform.tarball];
}

/** An empty project with the packages, made by the npm and in the environment of a Node.js. */
function install({ node, npm }, tarballs) {
  const project = join(work, 'project');
  rmSync(project, { recursive: true, force: true });
  cpSync(join(root, '__test__', 'installed'), project, { recursive: true });
  // Nothing but Node.js is to be found there: no Rust, no Python, no compiler.
  const options = { cwd: project, env: { PATH: dirname(node), HOME: work }, stdio: 'inherit' };
  run(node, [npm, 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], options);
  return options;
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

step(`build ${PLATFORM} against glibc ${GLIBC}`);
const built = build();
inspect(built);

step('pack');
const tarballs = packages(built);

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
for (const each of nodes()) {
  step(`Node.js ${run(each.node, ['--version']).trim()}`);
  const options = install(each, tarballs);
  for (const program of ['consumer.cjs', 'consumer.mjs']) run(each.node, [program], options);
  for (const resolution of ['node16', 'bundler']) {
    const typeRoots = join(root, 'node_modules', '@types');
    run(each.node, [tsc, '-p', `tsconfig.${resolution}.json`, '--typeRoots', typeRoots], options);
    run(each.node, [join('built', resolution, 'consumer.js')], options);
  }
  run(each.node, [join('node_modules', name, 'bin', 'fallcast.mjs'), 'check'], { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
}

step('the packages are sound');
