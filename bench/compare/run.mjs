/**
 * Measures Fallcast beside what a Node project would use instead, each in a process of its own, in turn, and prints a
 * table. Installs what it needs, builds the upstream, and writes results.json and chart.svg beside this file.
 *
 * node bench/compare/run.mjs [--only fallcast,undici] [--chains first,second,slow] [--concurrency 1,16] [--rounds 3]
 *                            [--keep] [--dry]
 *
 * With `--keep` the cases (a chain and a concurrency) that are not measured now stay as they were written before; with
 * `--dry` nothing is written.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { chart } from './chart.mjs';
import { table } from './table.mjs';
import { startUpstream } from './upstream.mjs';

const CONTENDERS = ['fallcast', 'undici', 'fetch', 'openai', 'cockatiel', 'ai-fallback', 'langchain'];
const PREDICTIONS = 20_000;
/** Beside every chain and concurrency: many calls that wait at once. */
const IN_FLIGHT = 2000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    chains: { type: 'string', default: 'first,second,slow' },
    concurrency: { type: 'string', default: '1,16,64' },
    rounds: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
});
const list = (text) => text.split(',');
const contenders = values.only ? list(values.only) : CONTENDERS;
const cases = list(values.chains).flatMap((chain) =>
  (chain === 'slow' ? [IN_FLIGHT] : list(values.concurrency).map(Number)).map((concurrency) => ({ chain, concurrency })));

async function measure(contender, { chain, concurrency }, port) {
  const input = ['--expose-gc', here('measure.mjs'), contender, chain, concurrency, port, PREDICTIONS].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, input);
  return JSON.parse(stdout);
}

/** The median of each figure. */
function medians(rounds) {
  const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, median(rounds.map((round) => round[name]))]));
}

if (!existsSync(here('node_modules'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here('.'), stdio: ['ignore', 2, 2] });
}
const upstream = await startUpstream();
const [loadBefore] = loadavg();
const measured = [];
for (const work of cases) {
  const rounds = new Map(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const contender of contenders) {
      rounds.get(contender).push(await measure(contender, work, upstream.port));
    }
  }
  for (const [contender, figures] of rounds) measured.push({ ...work, contender, ...medians(figures) });
  console.log(table(work, measured.filter(({ chain, concurrency }) => chain === work.chain && concurrency === work.concurrency)));
}
upstream.close();

if (!values.dry) {
  if (values.keep) {
    const isMeasured = ({ chain, concurrency }) => cases.some((work) => work.chain === chain && work.concurrency === concurrency);
    const before = JSON.parse(readFileSync(here('results.json'), 'utf8')).measured;
    measured.push(...before.filter((figures) => !isMeasured(figures)));
  }
  const machine = { node: process.version, cores: availableParallelism(), loadBefore, platform: `${process.platform} ${process.arch}` };
  const results = { machine, predictions: PREDICTIONS, rounds: Number(values.rounds), measured };
  writeFileSync(here('results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(here('chart.svg'), chart(results));
}
