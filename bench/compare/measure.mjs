/**
 * Measures one contender, in a process of its own, and prints what it took as JSON.
 *
 * node --expose-gc measure.mjs <contender> <chain> <concurrency> <port> <predictions>
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { check, messages, modelsOf } from './work.mjs';

/** How often the event loop's delay is sampled, in milliseconds; a sample includes it. */
const RESOLUTION_MS = 10;

const [contender, chain, concurrency, port, predictions] = process.argv.slice(2).map((text, index) => (index < 2 ? text : Number(text)));
const warmUp = predictions / 4;

const { open } = await import(`./contenders/${contender}.mjs`);
const input = { messages: await messages(), models: modelsOf(chain, port) };
const predict = await open(input);

/** Predicts `count` times, so many at once; returns how long each took, in milliseconds. */
async function run(count) {
  const durations = new Float64Array(count);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      const began = performance.now();
      check(await predict());
      durations[index] = performance.now() - began;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return durations.sort();
}

/** CPU time of this thread in microseconds, where the system tells. */
function threadCpu() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1000;
  } catch {
    return NaN;
  }
}

/** Watches until it is told to stop: the event loop's delay, and how much memory was resident at most. */
function watch() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let resident = process.memoryUsage.rss();
  const timer = setInterval(() => { resident = Math.max(resident, process.memoryUsage.rss()); }, 50);
  delay.enable();
  return () => {
    clearInterval(timer);
    delay.disable();
    return { delayP99Ms: delay.percentile(99) / 1e6, residentBytes: resident };
  };
}

/** One prediction alone, so that everything is loaded; then at rest. */
async function idle() {
  check(await predict());
  gc();
  const stop = watch();
  await sleep(2000);
  gc();
  return { ...stop(), residentBytes: process.memoryUsage.rss() };
}

const resting = await idle();
await run(warmUp);
gc();
const stop = watch();
const [cpu, thread, loop, began] = [process.cpuUsage(), threadCpu(), performance.eventLoopUtilization(), performance.now()];
const durations = await run(predictions);
const elapsedMs = performance.now() - began;
const { active } = performance.eventLoopUtilization(loop);
const threadUs = threadCpu() - thread;
const { user, system } = process.cpuUsage(cpu);
const { delayP99Ms, residentBytes } = stop();

const at = (share) => durations[Math.floor(share * (predictions - 1))];
console.log(JSON.stringify({
  cpuUs: (user + system) / predictions,
  loopUs: (active * 1000) / predictions,
  threadUs: threadUs / predictions,
  perSecond: (predictions / elapsedMs) * 1000,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  delayP99Ms,
  idleDelayP99Ms: resting.delayP99Ms,
  residentKbACall: (residentBytes - resting.residentBytes) / 1000 / concurrency,
  residentMb: residentBytes / 1e6,
}));
process.exit(0);
