/** What Fallcast is to cost, as ratios to a bare undici pool on the same transport, or to `fetch`. */

const at16 = (transport, chain = 'first') => ({ transport, chain, concurrency: 16 });
const alone = (transport) => ({ transport, chain: 'first', concurrency: 1 });
const inFlight = (transport) => ({ transport, chain: 'slow', concurrency: 2000 });

/** Each goal: the case, the figure, to whom it is compared (nobody: as it is), and the most or the least it may be. */
export const GOALS = [
  ...goalsOf(at16('plain'), { main: 0.25, cpu: 1.05, rate: 1, fetch: 0.12 }),
  ...['tls', 'h2'].flatMap((transport) => goalsOf(at16(transport), { main: 0.17, cpu: 0.95, rate: 1.1, fetch: 0.12 })),
  ...goalsOf(at16('plain', 'second'), { main: 0.15, cpu: 1, rate: 1.1, fetch: 0.08 }),
  ...goalsOf(inFlight('plain'), { main: 0.12, cpu: 0.6, rate: 1 }),
  { work: alone('plain'), figure: 'cpuUs', to: 'undici', most: 1.2 },
  { work: alone('plain'), figure: 'p50Ms', to: 'undici', most: 1.1 },
  ...['tls', 'h2'].flatMap((transport) => ['cpuUs', 'p50Ms'].map((figure) => ({ work: alone(transport), figure, to: 'undici', most: 1 }))),
  ...['plain', 'tls'].map((transport) => ({ work: inFlight(transport), figure: 'residentKbACall', most: 45 })),
  { work: inFlight('h2'), figure: 'residentKbACall', most: 15 },
];

function goalsOf(work, { main, cpu, rate, fetch }) {
  return [
    { work, figure: 'threadUs', to: 'undici', most: main },
    { work, figure: 'loopUs', to: 'undici', most: main },
    { work, figure: 'cpuUs', to: 'undici', most: cpu },
    { work, figure: 'perSecond', to: 'undici', least: rate },
    ...(fetch ? [{ work, figure: 'cpuUs', to: 'fetch', most: fetch }] : []),
  ];
}

/** The row of a contender in a case. `fetch` speaks no HTTP/2, so there it is what it is over TLS. */
export function rowOf(measured, contender, work) {
  const transport = contender === 'fetch' && work.transport === 'h2' ? 'tls' : work.transport;
  return measured.find((row) => row.contender === contender && row.transport === transport
    && row.chain === work.chain && row.concurrency === work.concurrency);
}

/** A figure of a row as a ratio to that of another contender, or as it is; null where one of them was not measured. */
export function ratio(measured, row, figure, to) {
  if (row?.[figure] == null) return null;
  const other = to ? rowOf(measured, to, row)?.[figure] : 1;
  return other ? row[figure] / other : null;
}

/** Each goal of which the case was measured, with what was found and whether that meets it. */
export function reached(measured) {
  const found = GOALS.map((goal) => ({ ...goal, found: ratio(measured, rowOf(measured, 'fallcast', goal.work), goal.figure, goal.to) }));
  return found.filter((goal) => goal.found !== null)
    .map((goal) => ({ ...goal, met: goal.found <= (goal.most ?? Infinity) && goal.found >= (goal.least ?? -Infinity) }));
}

const FIGURES = {
  threadUs: "main thread's CPU", loopUs: 'event loop busy', cpuUs: 'CPU', perSecond: 'throughput', p50Ms: 'p50', residentKbACall: 'KB a call above idle',
};
const TRANSPORTS = { plain: 'plain', tls: 'TLS', h2: 'TLS, HTTP/2' };
const CHAINS = { first: '', second: ', the first model fails', slow: ' that take a second' };

/** A goal's case, figure and bound in words, what was found, and whether it is met. */
export function goalCells({ work, figure, to, most, least, found, met }) {
  const digits = to ? 2 : 0;
  return [
    `${TRANSPORTS[work.transport]}, ${work.concurrency.toLocaleString('en')} at once${CHAINS[work.chain]}`,
    to ? `${FIGURES[figure]} to ${to}` : FIGURES[figure],
    most === undefined ? `≥ ${least}` : `≤ ${most}`,
    found.toFixed(digits),
    met ? 'met' : 'not met',
  ];
}

export function goalsText(measured) {
  const goals = reached(measured);
  const lines = goals.map((goal) => goalCells(goal).map((cell, column) => cell.padEnd([48, 30, 8, 8, 0][column])).join('').trimEnd());
  return [`${goals.filter(({ met }) => met).length} of ${goals.length} goals that were measured are met`, ...lines].join('\n');
}
