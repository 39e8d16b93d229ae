/**
 * Measures one contender, in a process of its own, and prints what it took as JSON; times are of one prediction.
 *
 * node --expose-gc measure.mjs <contender> <chain> <concurrency> <transport> <origin> <seconds>
 *
 * The certificate to trust is in the file that NODE_EXTRA_CA_CERTS names.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { check, messages, modelsOf } from './work.mjs';

/** How often the event loop's delay is sampled, in milliseconds. */
const RESOLUTION_MS = 10;
/** How many predictions at least go before those that are measured, so that their code is compiled. */
const WARM_UP = 1500;

const [contender, chain, concurrencyText, transport, origin, seconds] = process.argv.slice(2);
const concurrency = Number(concurrencyText);
const certificate = readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8');

const { open } = await import(`./contenders/${contender}.mjs`);
const predict = await open({ messages: await messages(), models: modelsOf(chain, origin), transport, certificate, concurrency });

/** Predicts, so many at once, for so many seconds and so many times at least; returns how long each took, in milliseconds. */
async function run(seconds, least = 0) {
  const durations = [];
  const until = performance.now() + seconds * 1000;
  const worker = async () => {
    do {
      const began = performance.now();
      check(await predict());
      durations.push(performance.now() - began);
    } while (performance.now() < until || durations.length < least);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return Float64Array.from(durations).sort();
}

/** CPU time of the JavaScript thread in microseconds; null where the system does not tell. */
function threadCpu() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return null;
  }
}

/** Watches until it is told to stop: how late the event loop was, and how much memory was resident at most. */
function watch() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let resident = process.memoryUsage.rss();
  const timer = setInterval(() => { resident = Math.max(resident, process.memoryUsage.rss()); }, 50);
  delay.enable();
  return () => {
    clearInterval(timer);
    delay.disable();
    return { delayP99Ms: Math.max(delay.percentile(99) / 1e6 - RESOLUTION_MS, 0), residentBytes: resident };
  };
}

/** What is resident after one prediction alone, so that everything is loaded. */
async function resident() {
  check(await predict());
  gc();
  await sleep(200);
  gc();
  return process.memoryUsage.rss();
}

const idleBytes = await resident();
await run(seconds / 2, WARM_UP);
gc();
const stop = watch();
const [cpu, thread, loop, began] = [process.cpuUsage(), threadCpu(), performance.eventLoopUtilization(), performance.now()];
const durations = await run(seconds);
const elapsedMs = performance.now() - began;
const { active } = performance.eventLoopUtilization(loop);
const threadUs = thread === null ? null : (threadCpu() - thread) / durations.length;
const { user, system } = process.cpuUsage(cpu);
const { delayP99Ms, residentBytes } = stop();

const at = (share) => durations[Math.floor(share * (durations.length - 1))];
console.log(JSON.stringify({
  cpuUs: (user + system) / durations.length,
  threadUs,
  loopUs: (active * 1000) / durations.length,
  perSecond: (durations.length / elapsedMs) * 1000,
  p50Ms: at(0.5),
  p99Ms: at(0.99),
  delayP99Ms,
  residentMb: residentBytes / 1e6,
  // Where few are under way, what the code itself needs is more than what they hold.
  residentKbACall: chain === 'slow' ? (residentBytes - idleBytes) / 1000 / concurrency : null,
}));
process.exit(0);
