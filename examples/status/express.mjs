/** The status page under `/status` of an Express app, with actions for who has the password. `PORT`: where; a free one if not told. */
import { env } from 'node:process';

import express from 'express';
import { Fallcast } from 'fallcast';
import { statusPage } from 'fallcast/status';

const engine = new Fallcast();
const app = express();
// Parsed bodies are no hindrance.
app.use(express.json());
const authorize = (request) => request.headers.authorization === `Bearer ${env.STATUS_TOKEN}`;
// Express takes `/status` away before the page sees the path.
app.use('/status', statusPage(engine, { actions: true, authorize }));
app.get('/', (request, response) => { response.send('the app'); });
const server = app.listen(Number(env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/status`);
});
