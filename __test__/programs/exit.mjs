/** Exits as soon as it is told to, whatever is pending. */
import { engine, request } from './engine.mjs';

process.once('message', () => process.exit(7));
const prediction = engine();
for (let call = 0; call < 3; call += 1) prediction.predictWithFallback(request).catch(() => {});
