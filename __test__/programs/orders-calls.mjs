/** Calls of a thread, with an engine of its own and with the process's, each heard by a listener of that thread. */
import { config, engine, fallcast, request } from './engine.mjs';

const own = engine();
fallcast.configure(config);
const told = [];
for (const heard of [own, fallcast]) {
  heard.onEvent((event) => told.push(event.type));
}

/** Asks both engines, switches a model off and on at both, and sees that the listeners were told. */
export async function call() {
  const before = told.length;
  for (const asked of [own, fallcast]) {
    asked.disableModel('a', 'a test');
    asked.enableModel('a');
    const { predictions } = await asked.predictWithFallback(request);
    if (predictions.length !== 1) throw new Error('no prediction');
  }
  if (told.length < before + 4) throw new Error(`told of ${told.length - before} events`);
}

/** Begins calls that nobody waits for. */
export function start() {
  for (const asked of [own, fallcast]) asked.predictWithFallback(request).catch(() => {});
}
