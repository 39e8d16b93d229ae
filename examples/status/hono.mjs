/** The status page under `/status` of a Hono app, with actions for who has the password. `PORT`: where; a free one if not told. */
import { env } from 'node:process';

import { serve } from '@hono/node-server';
import { Fallcast } from 'fallcast';
import { statusPage } from 'fallcast/status';
import { Hono } from 'hono';

const engine = new Fallcast();
const app = new Hono();
const authorize = (request) => request.headers.get('authorization') === `Bearer ${env.STATUS_TOKEN}`;
const page = statusPage(engine, { basePath: '/status', actions: true, authorize });
app.all('/status/*', (context) => page.fetch(context.req.raw));
app.get('/', (context) => context.text('the app'));
serve({ fetch: app.fetch, port: Number(env.PORT ?? 0), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/status`);
});
