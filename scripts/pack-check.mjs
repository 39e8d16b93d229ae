/**
 * Builds the binary for linux-x64-gnu as a release does, packs it and the main package, installs both into an empty
 * project without a Rust toolchain, and uses them there from CommonJS, ESM and TypeScript, in every version of Node.js
 * that the package is for. publint and attw look at the main package, the parser of Prometheus reads its metrics, and Next.js
 * builds an app with it, Bun and Deno make a call (none of them with `--without-next`: that installs 600 MB). With `--all` the packages of the other platforms for
 * Linux are built and run too: in a root file system with musl, and under qemu. Needs Linux on x64 with glibc, Python 3 with venv, and
 * binutils; `--all` Debian, as root, with qemu-user-static.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkNext } from './next-check.mjs';
import { PLATFORMS, runner, toolchain, unpack } from './platforms.mjs';
import { nodes, prometheus, zigbuild } from './tools.mjs';

/** The platform whose packages are tried whole; with `--all` those of the others are tried too. */
const PLATFORM = 'linux-x64-gnu';
const OTHERS = process.argv.includes('--all') ? Object.keys(PLATFORMS).filter((platform) => platform !== PLATFORM) : [];
const MOST_BYTES = 8_000_000;
/** Other runtimes that load addons of Node.js: the package that has the program, where it is, and how it runs a file. */
const RUNTIMES = { '@oven/bun-linux-x64@1.4.5': ['bin/bun'], '@deno/linux-x64-glibc@2.9.6': ['deno', 'run', '--allow-all'] };
/** The licences of what is in a binary. */
const NOTICES = 'THIRD-PARTY-NOTICES.txt';
/** What the main package holds beside the whole folders `alerts`, `bin`, `catalog`, `docs`, `otel` and `status`. */
const FILES = [
  'CHANGELOG.md', 'LICENSE', 'README.md', 'ask.js', 'crossing.js', 'examples/asked.js', 'examples/manners.js', 'examples/recording.js', 'examples/upstream.d.mts',
  'examples/upstream.d.ts', 'examples/upstream.js', 'examples/upstream.mjs',
  'index.d.ts', 'index.js', 'main.js', 'options.js', 'package.json', 'schema.js', 'slate.js', 'urls.js',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const work = join(root, 'target', 'pack');
/** Where the packages are installed: not below the clone, whose own packages would be found from there. */
const outside = mkdtempSync(join(tmpdir(), 'fallcast-pack-'));
process.once('exit', () => rmSync(outside, { recursive: true, force: true }));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { name, version } = manifest;
const binaryOf = (platform) => `${manifest.napi.binaryName}.${platform}.node`;
const napi = join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');

const step = (text) => console.log(`\n== ${text}`);
const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

/** Every file below a folder of the clone that git knows. */
const tracked = (...folders) => run('git', ['ls-files', '--', ...folders]).trim().split('\n');

/** Builds the binary of a platform, against the oldest glibc that is supported. */
function build(platform) {
  const { target, glibc, flags } = PLATFORMS[platform];
  const args = ['build', '--platform', '--release', '--cross-compile', '--target', glibc ? `${target}.${glibc}` : target,
    '--manifest-path', 'addon/Cargo.toml', '--output-dir', join(work, 'binary'), '--no-js'];
  const env = { ...process.env, ...toolchain(platform), ...(flags && { RUSTFLAGS: flags }), PATH: `${zigbuild()}:${process.env.PATH}` };
  run(process.execPath, [napi, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  return join(work, 'binary', binaryOf(platform));
}

/** The binary asks for no glibc above the oldest, and for no library that may be missing. */
function inspect(platform, path) {
  const { glibc, libraries } = PLATFORMS[platform];
  const needed = [...run('readelf', ['--dynamic', path]).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library]) => library);
  assert.deepEqual(needed.filter((library) => !libraries.includes(library)), [], 'libraries that may be missing');
  const versions = [...run('readelf', ['--version-info', path]).matchAll(/GLIBC_(\d+)\.(\d+)/g)];
  const [highest] = versions.map(([, ...parts]) => parts.map(Number)).sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  const [major, minor] = (glibc ?? '0.0').split('.').map(Number);
  assert.ok(!highest || (highest[0] === major && highest[1] <= minor), `needs glibc ${highest?.join('.')}`);
  const { size } = statSync(path);
  console.log(`${binaryOf(platform)}: ${kilobytes(size)}, needs ${highest ? `glibc ${highest.join('.')}` : 'no glibc'}, ${needed.join(', ')}`);
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
    for (const file of ['LICENSE', NOTICES]) copyFileSync(join(root, file), join(stage, 'npm', platform, file));
    // The CLI wants every binary to be there; only those that were built are packed.
    writeFileSync(join(stage, 'npm', platform, binaryOf(platform)), '');
  }
  for (const [platform, path] of built) copyFileSync(path, join(stage, 'npm', platform, binaryOf(platform)));
  const from = { ...process.env, GITHUB_SERVER_URL: 'https://git.example.com', GITHUB_REPOSITORY: 'football/fallcast' };
  run(process.execPath, [join(root, 'scripts', 'repository.mjs'), stage], { env: from });
  run(process.execPath, [napi, 'pre-publish', '--tag-style', 'npm', '--no-gh-release', '--skip-optional-publish'], { cwd: stage });
  const { optionalDependencies, ...published } = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'));
  assert.equal(published.repository.url, 'git+https://git.example.com/football/fallcast.git');
  const platforms = readdirSync(join(stage, 'npm')).map((platform) => [`${name}-${platform}`, version]);
  assert.deepEqual(optionalDependencies, Object.fromEntries(platforms));

  const main = pack(stage);
  assert.deepEqual(main.files, [...FILES, ...tracked(...whole)].sort());
  return [main, ...built.map(([platform]) => {
    const packed = pack(join(stage, 'npm', platform));
    assert.deepEqual(packed.files, ['LICENSE', 'README.md', NOTICES, binaryOf(platform), 'package.json']);
    return packed;
  })].map(({ tarball }) => tarball);
}

/** An empty project with the packages, made by the npm and in the environment of a Node.js. */
function install({ node, npm }, tarballs) {
  const project = join(outside, 'project');
  rmSync(project, { recursive: true, force: true });
  cpSync(join(root, '__test__', 'installed'), project, { recursive: true });
  // Nothing but Node.js is to be found there: no Rust, no Python, no compiler.
  const options = { cwd: project, env: { PATH: dirname(node), HOME: work }, stdio: 'inherit' };
  run(node, [npm, 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], options);
  return options;
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

const built = [PLATFORM, ...OTHERS].map((platform) => {
  step(`build ${platform}`);
  const path = build(platform);
  inspect(platform, path);
  return [platform, path];
});

step('pack');
const [mainTarball, ...platformTarballs] = packages(built);
const tarballs = [mainTarball, platformTarballs[0]];

step('publint and attw');
const modules = join(root, 'node_modules');
run(process.execPath, [join(modules, 'publint', 'src', 'cli.js'), 'run', '--strict', tarballs[0]], { stdio: 'inherit' });
run(process.execPath, [join(modules, '@arethetypeswrong', 'cli', 'dist', 'index.js'), '--no-emoji', tarballs[0]], { stdio: 'inherit' });

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
for (const each of nodes()) {
  step(`Node.js ${run(each.node, ['--version']).trim()}`);
  const options = install(each, tarballs);
  for (const program of ['consumer.cjs', 'consumer.mjs', 'threads.cjs']) run(each.node, [program], options);
  for (const [resolution, ...programs] of [['node10', 'required.cjs'], ['node16', 'required.cjs', 'consumer.js'], ['bundler', 'consumer.js']]) {
    const typeRoots = join(root, 'node_modules', '@types');
    run(each.node, [tsc, '-p', `tsconfig.${resolution}.json`, '--typeRoots', typeRoots], options);
    for (const program of programs) run(each.node, [join('built', resolution, program)], options);
  }
  run(each.node, [join('node_modules', name, 'bin', 'fallcast.mjs'), 'check'], { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
}

step("Prometheus's own parser");
const text = run(process.execPath, ['metrics.mjs'], { cwd: join(outside, 'project') });
const code = 'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n'
  + 'print(len(list(read(sys.stdin.read()))), "families")';
process.stdout.write(run(prometheus(), ['-c', code], { input: text, stdio: ['pipe', 'pipe', 'inherit'] }));

if (!process.argv.includes('--without-next')) {
  step('Next.js');
  await checkNext(outside, tarballs);

  const others = join(outside, 'others');
  mkdirSync(others);
  writeFileSync(join(others, 'package.json'), '{"private":true}');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...Object.keys(RUNTIMES)], { cwd: others, stdio: 'inherit' });
  for (const [runtime, words] of Object.entries(RUNTIMES)) {
    const program = join(others, 'node_modules', runtime.replace(/@[\d.]+$/, ''), words[0]);
    step(run(program, ['--version']).trim());
    run(program, [...words.slice(1), 'threads.cjs'], { cwd: join(outside, 'project'), stdio: ['ignore', 'inherit', 'inherit'] });
  }
}

for (const [index, platform] of OTHERS.entries()) {
  const project = join(outside, platform);
  cpSync(join(root, '__test__', 'installed'), project, { recursive: true });
  unpack(project, [{ name, tarball: mainTarball }, { name: `${name}-${platform}`, tarball: platformTarballs[index + 1] }]);
  const { label, words: [program, ...words], folder, env } = runner(platform, project);
  step(`${platform}: ${label}`);
  for (const consumer of ['consumer.cjs', 'consumer.mjs', 'threads.cjs']) {
    const options = { cwd: project, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] };
    run(program, [...words, join(folder, consumer)], options);
  }
}

// Last, so that a binary that is too large is run all the same.
const large = built.filter(([, path]) => statSync(path).size > MOST_BYTES).map(([platform]) => platform);
assert.deepEqual(large, [], `larger than ${kilobytes(MOST_BYTES)}`);

step('the packages are sound');
