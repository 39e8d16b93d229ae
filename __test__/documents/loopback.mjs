/**
 * Preloaded into a block of the documents: its engines ask the upstream of the spec in place of their providers, and a
 * server of its own does not keep it alive. A fragment, which makes no engine, finds one as `engine` that has predicted.
 */
import { Server } from 'node:http';
import { createRequire } from 'node:module';

const fallcast = createRequire(import.meta.url)('../../main.js');
const { Fallcast, configure } = fallcast;
const { UPSTREAM: baseUrl, FRAGMENT } = process.env;

/** A configuration whose providers are all the upstream, but for those that are on loopback already. */
function onLoopback(config) {
  const builtIn = config?.builtinCatalog === false ? [] : ['together', 'synthetic'].map((id) => ({ id, baseUrl }));
  const own = (config?.providers ?? []).map((provider) =>
    (provider.baseUrl.startsWith('http://127.0.0.1:') ? provider : { ...provider, baseUrl }));
  return { ...config, providers: [...builtIn, ...own] };
}

fallcast.Fallcast = class extends Fallcast {
  constructor(config) {
    super(onLoopback(config));
  }
};
fallcast.configure = (config) => configure(onLoopback(config));

const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  return port === 0 ? listen.call(this, port, ...rest) : listen.call(this, 0, ...rest).unref();
};

if (FRAGMENT) {
  globalThis.engine = new fallcast.Fallcast();
  const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
  await globalThis.engine.predictWithFallback({ modelId: 'deepseek-v3.1', matches });
}
