/** Asks with schemas of three kinds, required as CommonJS. */
const v = require('valibot');
const { z } = require('zod');

const { Fallcast } = require('fallcast');

async function main() {
  const { manners, startUpstream } = await import('fallcast/testing');
  manners.ann = (request, reply) => reply.text('{"name":"Ann"}');
  const upstream = await startUpstream({ manner: 'ann' });
  const engine = new Fallcast({
    builtinCatalog: false,
    providers: [{ id: 'test', baseUrl: upstream.baseUrl }],
    models: [{ id: 'a', provider: 'test', upstreamModel: 'a', promptUsdPer1M: 1, completionUsdPer1M: 1 }],
  });
  const request = { modelId: 'a', prompt: { user: 'Who?' } };
  const names = [];
  for (const schema of [
    z.object({ name: z.string() }),
    v.object({ name: v.string() }),
    { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  ]) names.push((await engine.askWithFallback({ ...request, schema })).value.name);
  console.log(...names, 'well');
  await engine.close();
  await upstream.close();
}

main();
