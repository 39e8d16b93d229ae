/** A listener whose promise rejects; without a handler, an unhandled rejection would end the process. */
import { config, fallcast } from './engine.mjs';

fallcast.configure(config);
fallcast.onEvent(async ({ type }) => {
  console.log(`told of ${type}`);
  throw new Error('nobody waits for this');
});
fallcast.disableModel('a', 'by hand');
await fallcast.recoverDisabledModels();
