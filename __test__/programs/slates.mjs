/** Begins slates that nobody asks for anything: one that goes well, one in which nothing comes, one that is aborted. */
import { byModel, startUpstream } from '../../examples/upstream.mjs';
import { fallcast } from './engine.mjs';

const upstream = await startUpstream({ manner: byModel({ a: 'clean', b: 'prose', c: { name: 'slow', ms: 50 } }) });
const model = (id) => ({ id, provider: 'p', upstreamModel: id, promptUsdPer1M: 1, completionUsdPer1M: 1 });
const engine = new fallcast.Fallcast({
  builtinCatalog: false,
  providers: [{ id: 'p', baseUrl: upstream.baseUrl }],
  models: ['a', 'b', 'c'].map(model),
});
const matches = [{ id: 'm1', homeTeam: 'A', awayTeam: 'B' }, { id: 'm2', homeTeam: 'C', awayTeam: 'D' }];
const begin = (models, options) => void engine.predictSlate({ matches, models }, { matchesPerRequest: 1, ...options });
const controller = new AbortController();
begin(['a']);
begin(['b']);
begin(['c'], { signal: controller.signal });
await upstream.received(6);
controller.abort();
await engine.close();
await upstream.idle();
console.log(`${upstream.requests.length} requests, ${upstream.open.length} open`);
await upstream.close();
