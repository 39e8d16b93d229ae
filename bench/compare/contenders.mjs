/**
 * Who is measured, on what. Fallcast and undici, whose figures are compared with each other, take part in every round;
 * the others, which need many times as long, in every third.
 */
const TRANSPORTS = ['plain', 'tls', 'h2'];
/** The global `fetch`, and what is built on it, speaks HTTP/1.1 alone. */
const HTTP1 = ['plain', 'tls'];

export const CONTENDERS = {
  fallcast: { transports: TRANSPORTS, everyRounds: 1 },
  undici: { transports: TRANSPORTS, everyRounds: 1 },
  fetch: { transports: HTTP1, everyRounds: 3 },
  openai: { transports: HTTP1, everyRounds: 3 },
  // What carries these is `fetch` again, so they are measured in the usual case alone.
  cockatiel: { transports: ['plain'], concurrency: 16, everyRounds: 3 },
  'ai-fallback': { transports: ['plain'], concurrency: 16, everyRounds: 3 },
  langchain: { transports: ['plain'], concurrency: 16, everyRounds: 3 },
};

/** Whether a contender takes part in a case at all. */
export function takesPart(name, { transport, concurrency }) {
  const contender = CONTENDERS[name];
  return contender.transports.includes(transport) && (contender.concurrency ?? concurrency) === concurrency;
}

/** Who takes part in a round of a case, in turn: every other round backwards, so that nobody is always first. */
export function turns(names, work, round) {
  const taking = names.filter((name) => takesPart(name, work) && round % CONTENDERS[name].everyRounds === 0);
  return round % 2 === 0 ? taking : taking.reverse();
}
