/** The status page under `/status` of a Fastify app, with actions for who has the password. `PORT`: where; a free one if not told. */
import { env } from 'node:process';

import { Fallcast } from 'fallcast';
import { statusPage } from 'fallcast/status';
import fastify from 'fastify';

const engine = new Fallcast();
const app = fastify();
const authorize = (request) => request.headers.authorization === `Bearer ${env.STATUS_TOKEN}`;
const page = statusPage(engine, { basePath: '/status', actions: true, authorize });
app.register(async (scope) => {
  // The page reads bodies itself.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (request, payload, done) => done(null));
  for (const path of ['/status', '/status/*']) {
    scope.all(path, (request, reply) => {
      reply.hijack();
      page(request.raw, reply.raw);
    });
  }
});
app.get('/', async () => 'the app');
await app.listen({ port: Number(env.PORT ?? 0), host: '127.0.0.1' });
console.log(`http://127.0.0.1:${app.server.address().port}/status`);
