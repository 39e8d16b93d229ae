/** What an awaited `getActiveModelCount()` costs while its number is cached. Run with `node bench/count.mjs`. */
import { performance } from 'node:perf_hooks';

import { configure, Fallcast, getActiveModelCount } from 'fallcast';

const CALLS = 1_000_000;
const ROUNDS = 7;

/** Microseconds of one call. */
async function round(count) {
  const begin = performance.now();
  for (let call = 0; call < CALLS; call += 1) await count();
  return ((performance.now() - begin) * 1000) / CALLS;
}

async function measure(name, count) {
  await round(count);
  const rounds = [];
  for (let index = 0; index < ROUNDS; index += 1) rounds.push(await round(count));
  const [least, median, most] = [0, ROUNDS >> 1, ROUNDS - 1].map((index) => rounds.toSorted((a, b) => a - b)[index]);
  console.log(`${name.padEnd(26)} ${median.toFixed(3)} µs (${least.toFixed(3)} to ${most.toFixed(3)})`);
}

configure();
const engine = new Fallcast();
await measure('await Promise.resolve(1)', () => Promise.resolve(1));
await measure('engine.getActiveModelCount', () => engine.getActiveModelCount());
await measure('getActiveModelCount', getActiveModelCount);
await engine.close();
