/** Calls from a pool whose threads come and go, and from a second pool when the first is gone. */
import { Piscina } from 'piscina';

const filename = new URL('./piscina-worker.mjs', import.meta.url).href;
const answers = [];
for (let round = 0; round < 3; round += 1) {
  const pool = new Piscina({ filename, minThreads: 0, maxThreads: 2, idleTimeout: 0 });
  for (let task = 0; task < 3; task += 1) answers.push(...await Promise.all([pool.run(), pool.run()]));
  await pool.destroy();
}
console.log(answers.reduce((sum, count) => sum + count) === answers.length ? 'well' : answers);
