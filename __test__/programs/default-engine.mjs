/** One call of the default engine, which is never closed, with a listener for its log. */
import { config, fallcast, request } from './engine.mjs';

fallcast.configure({ ...config, logLevel: 'trace', onLog: () => {} });
console.log((await fallcast.predictWithFallback(request)).modelId);
