/** The global `fetch` behind cockatiel: a time-out and a circuit breaker for each model, and a fallback to the next. */
import { ConsecutiveBreaker, TimeoutStrategy, circuitBreaker, fallback, handleAll, timeout, wrap } from 'cockatiel';

import { ask } from '../ask.mjs';

export function open({ models, messages }) {
  const asks = models.map((model) => {
    // The breaker never opens, for the others ask the failing model every time.
    const breaker = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(Infinity) });
    const policy = wrap(breaker, timeout(25_000, TimeoutStrategy.Aggressive));
    return () => policy.execute(({ signal }) => ask(model, messages, signal));
  });
  return asks.reduceRight((next, current) => {
    const policy = fallback(handleAll, next);
    return () => policy.execute(current);
  });
}
