import { statusPage } from 'fallcast/status';

import { engine } from '../../../lib/engine.js';

export const dynamic = 'force-dynamic';

let page;

/** `/status`, and what is below it: its JSON, its stream, the metrics. Pass `authorize` where not everyone may see it. */
export function GET(request) {
  page ??= statusPage(engine(), { basePath: '/status' });
  return page.fetch(request);
}
