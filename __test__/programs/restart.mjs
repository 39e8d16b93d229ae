/**
 * One life of a process that keeps its health in a file: takes over what is there, makes one call, and saves. Prints
 * what became of the call, the count before it, and the model's state.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { config, fallcast, request } from './engine.mjs';

const [, , file] = process.argv;
fallcast.configure({ ...config, disableThreshold: 2 });
if (existsSync(file)) fallcast.restore(JSON.parse(readFileSync(file, 'utf8')));
const count = await fallcast.getActiveModelCount();
const error = await fallcast.predictWithFallback(request).catch((rejection) => rejection);
const [{ state, consecutiveFailures, disabledUntil }] = fallcast.getModels();
writeFileSync(file, JSON.stringify(fallcast.snapshot()));
console.log(JSON.stringify({ count, code: error.code, state, consecutiveFailures, disabledUntil }));
