/**
 * Counts the instructions of what one prediction does, with valgrind, and compares them with baseline.json: more than
 * 5 % above it is an error, so that nothing becomes slower unseen. The counts do not depend on how busy the machine is.
 *
 * node bench/instructions/count.mjs            compares; does nothing where valgrind is missing
 * node bench/instructions/count.mjs --update   writes the baseline
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { startUpstream } from '../compare/upstream.mjs';

/** How much more than the baseline is allowed, for the seeds of hash tables and the steps of an allocator. */
const ROOM = 0.05;
/** By case, how often it is done: enough that the count of one is steady. */
const TIMES = {
  call: 400, fallback: 400,
  plan: 50, prompt: 100, tokens: 100, reply_clean: 200, reply_fenced: 200, reply_thinking: 100, reply_1mb: 2,
  admit_record: 2000, reserve_settle: 2000, cached_count: 2000,
};

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const run = (program, ...input) => execFileSync(program, input, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

if (spawnSync('valgrind', ['--version']).error) {
  console.log('instructions are not counted: valgrind is missing');
  process.exit(0);
}
const compiler = run('rustc', '-vV');
const target = compiler.match(/host: (.+)/)[1];
const rustc = compiler.match(/release: (.+)/)[1];

// The addon's target folder, whose dependencies are built already.
const build = ['build', '--release', '--quiet', '--locked', '--target', target, '--manifest-path', here('Cargo.toml'), '--target-dir', here('../../target')];
execFileSync('cargo', build, { stdio: ['ignore', 2, 2] });
const program = here(`../../target/${target}/release/instructions`);
const upstream = await startUpstream();

function counted(name, times) {
  const valgrind = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, name, times, upstream.origins.plain];
  const { status, stderr } = spawnSync('valgrind', valgrind.map(String), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stderr.match(/Collected : (\d+)/)[1]);
}

/** Instructions of one: what twice as many take beyond what it takes to start. */
const instructionsOf = ([name, times]) => [name, Math.round((counted(name, 2 * times) - counted(name, times)) / times)];

const instructions = Object.fromEntries(Object.entries(TIMES).map(instructionsOf));
upstream.close();
if (process.argv.includes('--update')) {
  writeFileSync(here('baseline.json'), `${JSON.stringify({ rustc, target, instructions }, null, 2)}\n`);
}
const baseline = JSON.parse(readFileSync(here('baseline.json'), 'utf8'));
const isComparable = baseline.rustc === rustc && baseline.target === target;
const slower = [];
for (const [name, count] of Object.entries(instructions)) {
  const known = baseline.instructions[name];
  if (!(count <= known * (1 + ROOM))) slower.push(name);
  console.log(`${name.padEnd(16)} ${String(count).padStart(12)} ${(100 * (count / known - 1)).toFixed(1).padStart(8)} %`);
}
if (!isComparable) {
  console.log(`not compared: the baseline is of Rust ${baseline.rustc} for ${baseline.target}, this is ${rustc} for ${target}`);
} else if (slower.length > 0) {
  console.error(`slower than bench/instructions/baseline.json: ${slower.join(', ')}. If that is meant, run it with --update.`);
  process.exit(1);
}
