/** The figures of one chain and concurrency as text. */

const CHAINS = { first: 'the first model answers', second: 'the first answers 500, the second answers', slow: 'the model takes a second' };

/** The columns: the heading, the figure, and how many digits it has. */
const COLUMNS = [
  ['CPU µs', 'cpuUs', 1],
  ['loop µs', 'loopUs', 1],
  ['thread µs', 'threadUs', 1],
  ['a second', 'perSecond', 0],
  ['p50 ms', 'p50Ms', 2],
  ['p99 ms', 'p99Ms', 2],
  ['delay p99 ms', 'delayP99Ms', 1],
  ['idle', 'idleDelayP99Ms', 1],
  ['RSS MB', 'residentMb', 0],
  ['KB a call', 'residentKbACall', 1],
];

export function table({ chain, concurrency }, rows) {
  const ratio = (row, name, to) => {
    const other = rows.find(({ contender }) => contender === to);
    return other ? (row[name] / other[name]).toFixed(2) : '';
  };
  const ratios = [['CPU/undici', 'cpuUs', 'undici'], ['loop/undici', 'loopUs', 'undici'], ['thread/undici', 'threadUs', 'undici'],
    ['rate/undici', 'perSecond', 'undici'], ['CPU/fetch', 'cpuUs', 'fetch']];
  const lines = [
    ['', ...COLUMNS.map(([heading]) => heading), ...ratios.map(([heading]) => heading)],
    ...rows.map((row) => [
      row.contender,
      ...COLUMNS.map(([, name, digits]) => (row[name] ?? NaN).toFixed(digits)),
      ...ratios.map(([, name, to]) => ratio(row, name, to)),
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) => line.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  '));
  return [`\n${CHAINS[chain]}, ${concurrency} at once`, ...text].join('\n');
}
