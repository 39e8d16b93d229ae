/** Listens to everything, switches a model off for an hour, and has nothing else to do. */
import { config, fallcast } from './engine.mjs';

const told = [];
const listener = ({ type, cause }) => told.push(type ?? cause);
fallcast.configure({ ...config, disableThreshold: 1 });
for (const engine of [fallcast, new fallcast.Fallcast(config)]) {
  engine.onEvent(listener);
  engine.onInvalidate(listener);
}
fallcast.reportFailure('a', 'parse_error');
await fallcast.recoverDisabledModels();
console.log(told.join(' '));
