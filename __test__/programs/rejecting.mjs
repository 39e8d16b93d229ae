/** A listener whose promise rejects: the process's own business, as with any other promise. */
import { config, fallcast } from './engine.mjs';

process.on('unhandledRejection', ({ message }) => console.log(message));
fallcast.configure(config);
fallcast.onEvent(async ({ type }) => { throw new Error(`nobody waits for ${type}`); });
fallcast.disableModel('a', 'by hand');
await fallcast.recoverDisabledModels();
