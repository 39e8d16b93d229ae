/**
 * A page in a process of its own, which has no engine: it shows the number of active models that the worker put into
 * Redis. Prints its address; Ctrl-C or SIGTERM ends it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import nodeProcess from 'node:process';

import { connect, KEY } from './connect.mjs';

const redis = await connect();

const server = createServer(async (request, response) => {
  const count = await redis.get(KEY).catch(() => null);
  // Before the first worker has begun nobody knows, and a page says nothing rather than something made up.
  const text = count === null ? 'Which models are active is not known yet.' : `Active models: ${count}`;
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<!doctype html>\n<title>Models</title>\n<p>${text}</p>\n`);
});
server.listen(Number(nodeProcess.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}/`);

const stop = () => {
  server.close();
  server.closeAllConnections();
  redis.destroy();
};
nodeProcess.once('SIGINT', stop).once('SIGTERM', stop);
