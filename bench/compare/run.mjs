/**
 * Measures Fallcast beside what a Node project would use instead, each in a process of its own, in turn, and prints a
 * table for each case and the goals. Installs what it needs, builds the upstream, and writes results.json and chart.svg
 * beside this file and the tables of README.md and docs/speed.md.
 *
 * node bench/compare/run.mjs [--only fallcast,undici] [--transports plain,tls,h2] [--chains first,second,slow]
 *                            [--concurrency 1,16,64] [--rounds 7] [--seconds 0.8] [--keep] [--dry]
 *
 * A case is a transport, a chain and a concurrency. `--keep` leaves the cases that are not measured now as they were
 * written before; `--dry` writes nothing.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { chart } from './chart.mjs';
import { CONTENDERS, turns } from './contenders.mjs';
import { goalsText } from './goals.mjs';
import { table, writeTables } from './table.mjs';
import { startUpstream } from './upstream.mjs';

/** Beside every transport, chain and concurrency: many calls that wait at once. */
const IN_FLIGHT = 2000;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(CONTENDERS).join(',') },
    transports: { type: 'string', default: 'plain,tls,h2' },
    chains: { type: 'string', default: 'first,second,slow' },
    concurrency: { type: 'string', default: '1,16,64' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.8' },
    keep: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
});
const list = (text) => text.split(',');
const [contenders, rounds, seconds] = [list(values.only), Number(values.rounds), Number(values.seconds)];
const cases = list(values.transports).flatMap((transport) => list(values.chains).flatMap((chain) =>
  (chain === 'slow' ? [IN_FLIGHT] : list(values.concurrency).map(Number)).map((concurrency) => ({ transport, chain, concurrency }))));
const isCase = (work) => (row) => ['transport', 'chain', 'concurrency'].every((name) => row[name] === work[name]);

async function measure(contender, { transport, chain, concurrency }) {
  // Where an answer takes a second, so that everybody has two.
  const time = chain === 'slow' ? Math.max(seconds, 2) : seconds;
  const input = ['--expose-gc', here('measure.mjs'), contender, chain, concurrency, transport, upstream.origins[transport], time];
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
  const { stdout } = await promisify(execFile)(process.execPath, input.map(String), { env });
  return JSON.parse(stdout);
}

/** The median of each figure; null where the system does not tell. */
function medians(rounds) {
  const median = (numbers) => (numbers.includes(null) ? null : numbers.sort((a, b) => a - b)[numbers.length >> 1]);
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, median(rounds.map((round) => round[name]))]));
}

if (!existsSync(here('node_modules'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: here('.'), stdio: ['ignore', 2, 2] });
}
const upstream = await startUpstream();
const folder = mkdtempSync(join(tmpdir(), 'fallcast-compare-'));
const certificate = join(folder, 'authority.pem');
writeFileSync(certificate, upstream.certificate);

const [loadBefore] = loadavg();
const began = performance.now();
const measured = [];
for (const work of cases) {
  const figures = new Map(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of turns(contenders, work, round)) figures.get(contender).push(await measure(contender, work));
  }
  for (const [contender, rounds] of figures) {
    if (rounds.length > 0) measured.push({ ...work, contender, ...medians(rounds) });
  }
  console.log(table(work, measured.filter(isCase(work))));
}
upstream.close();
rmSync(folder, { recursive: true });
console.log(`\n${goalsText(measured)}\n\n${((performance.now() - began) / 60_000).toFixed(1)} minutes`);

if (!values.dry) {
  if (values.keep) {
    const before = JSON.parse(readFileSync(here('results.json'), 'utf8')).measured;
    measured.push(...before.filter((row) => !cases.some((work) => isCase(work)(row))));
  }
  const order = { plain: 0, tls: 1, h2: 2, first: 0, second: 1, slow: 2 };
  measured.sort((a, b) => order[a.transport] - order[b.transport] || order[a.chain] - order[b.chain] || a.concurrency - b.concurrency);
  const machine = { node: process.version, cores: availableParallelism(), loadBefore, platform: `${process.platform} ${process.arch}` };
  const results = { machine, seconds, rounds, measured };
  writeFileSync(here('results.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(here('chart.svg'), chart(results));
  writeTables(results);
}
