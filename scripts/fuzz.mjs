/**
 * Fuzzes a target for some seconds: `node scripts/fuzz.mjs reply 120`. What it finds worth keeping is in `fuzz/corpus`, and goes
 * on from there the next time; what fails is in `fuzz/artifacts`, and the exit code is not 0. For 0 seconds it tries what it begins
 * with, the seeds and the corpus, and nothing else.
 *
 * The instrumentation is what `cargo fuzz --sanitizer none` asks for, by stable Rust: the rooms that are fuzzed have no `unsafe`
 * code, so that there is nothing for a sanitizer of memory to find.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [target, seconds = '60'] = process.argv.slice(2);
if (!/^\w+$/.test(target ?? '') || !existsSync(`${root}/fuzz/fuzz_targets/${target}.rs`) || !/^\d+$/.test(seconds)) {
  console.error('Usage: node scripts/fuzz.mjs <target> [seconds]');
  process.exit(2);
}

const FLAGS = [
  'passes=sancov-module', 'llvm-args=-sanitizer-coverage-level=4', 'llvm-args=-sanitizer-coverage-inline-8bit-counters',
  'llvm-args=-sanitizer-coverage-pc-table', 'llvm-args=-sanitizer-coverage-trace-compares', 'codegen-units=1', 'debug-assertions',
  'overflow-checks',
].map((flag) => `-C${flag}`);

const [, host] = /^host: (.+)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }));
const env = { ...process.env, RUSTFLAGS: ['--cfg', 'fuzzing', ...FLAGS].join(' ') };
const options = { cwd: root, env, stdio: 'inherit' };
// With a target of its own the flags are not those of build scripts, which have nobody to count for them.
const build = ['build', '--locked', '--release', '--manifest-path', 'fuzz/Cargo.toml', '--target', host, '--bin', target];
execFileSync('cargo', build, options);

for (const folder of ['corpus', 'artifacts']) mkdirSync(`${root}/fuzz/${folder}/${target}`, { recursive: true });
const dictionary = `fuzz/${target}.dict`;
const program = `fuzz/target/${host}/release/${target}`;
const { status } = spawnSync(program, [
  `fuzz/corpus/${target}`, `fuzz/seeds/${target}`, `-artifact_prefix=fuzz/artifacts/${target}/`, '-timeout=10', '-print_final_stats=1',
  Number(seconds) === 0 ? '-runs=0' : `-max_total_time=${seconds}`, ...(existsSync(`${root}/${dictionary}`) ? [`-dict=${dictionary}`] : []),
], { cwd: root, stdio: 'inherit' });
if (status !== 0) console.error(`What failed is in fuzz/artifacts/${target}; "${program} <file>" tries it again.`);
process.exit(status ?? 1);
