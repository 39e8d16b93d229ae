/** A worker thread that listens to the module's engine and says so; its listener takes its time. */
import { parentPort } from 'node:worker_threads';

import { fallcast } from './engine.mjs';

const pause = new Int32Array(new SharedArrayBuffer(4));
fallcast.onEvent(() => Atomics.wait(pause, 0, 0, 1));
fallcast.onInvalidate(() => { throw new Error('broken'); });
parentPort.on('message', () => {});
parentPort.postMessage('listening');
