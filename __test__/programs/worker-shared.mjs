/** A worker thread with a call of the default engine that nobody answers. */
import { config, fallcast, request } from './engine.mjs';

fallcast.configure(config);
fallcast.predictWithFallback(request);
