/** A job of `bullmq.mjs`: one call. */
import { engine, request } from './engine.mjs';

const own = engine();

export default async () => (await own.predictWithFallback(request)).predictions.length;
