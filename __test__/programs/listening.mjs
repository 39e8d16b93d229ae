/** Listens to everything; told to, has something happen, and waits until it is told of that. */
import { config, fallcast } from './engine.mjs';

const told = [];
const listener = ({ type, cause }) => told.push(type ?? cause);
fallcast.configure({ ...config, disableThreshold: 1 });
for (const engine of [fallcast, new fallcast.Fallcast(config)]) {
  engine.onEvent(listener);
  engine.onInvalidate(listener);
}
if (process.argv.includes('happen')) fallcast.reportFailure('a', 'parse_error');
if (process.argv.includes('wait')) {
  await fallcast.recoverDisabledModels();
  console.log(told.join(' '));
}
