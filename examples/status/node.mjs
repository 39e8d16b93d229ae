/** The status page with nothing but Node.js. `PORT`: where; a free one if not told. */
import { createServer } from 'node:http';
import { env } from 'node:process';

import { Fallcast } from 'fallcast';
import { statusPage } from 'fallcast/status';

const engine = new Fallcast();
const page = statusPage(engine);
const server = createServer(page).listen(Number(env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
