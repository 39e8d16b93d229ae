/** A worker thread with an engine of its own and a call that nobody answers. */
import { engine, request } from './engine.mjs';

engine().predictWithFallback(request);
