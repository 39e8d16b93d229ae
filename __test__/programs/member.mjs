/**
 * A member of a fleet in a process of its own, which its parent asks by messages: `{ id, method, args }` is answered with
 * `{ id, value }` or `{ id, error }`, and what its engine tells is `{ event }`, `{ invalidation }` or `{ log }`.
 */
import { createRequire } from 'node:module';
import nodeProcess from 'node:process';

const { Fallcast } = createRequire(import.meta.url)('../../main.js');
const send = (message, sent) => nodeProcess.connected && nodeProcess.send(message, undefined, undefined, sent);

nodeProcess.once('message', (config) => {
  const engine = new Fallcast({ ...config, onLog: (log) => send({ log }) });
  engine.onEvent((event) => send({ event }));
  engine.onInvalidate((invalidation) => send({ invalidation }));
  nodeProcess.on('message', async ({ id, method, args, times = 1 }) => {
    try {
      let value;
      for (let time = 0; time < times; time += 1) value = await engine[method](...args);
      send({ id, value }, method === 'close' ? () => nodeProcess.disconnect() : undefined);
    } catch ({ code, message, attempts, skips, retryAfterMs }) {
      send({ id, error: { code, message, attempts, skips, retryAfterMs } });
    }
  });
  send({ ready: true });
});
