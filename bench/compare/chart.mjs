/** The chart of the README: the CPU time and the main thread's part of it, of a prediction at 16 at once. */

const GROUPS = [
  ['tls', 'first', 'TLS: the first model answers'],
  ['h2', 'first', 'TLS, HTTP/2: the first model answers'],
  ['tls', 'second', 'TLS: the first answers 500, the second answers'],
  ['plain', 'first', 'without TLS: the first model answers'],
];
const [LEFT, WIDTH, ROW, RIGHT] = [110, 460, 26, 100];

/** An SVG of the results of `run.mjs`. */
export function chart({ measured }) {
  const groups = GROUPS.map(([transport, chain, title]) => {
    const rows = measured.filter((row) => row.concurrency === 16 && row.transport === transport && row.chain === chain);
    return { title, rows: rows.map((row) => ({ ...row, mainUs: row.threadUs ?? row.loopUs })).sort((a, b) => a.cpuUs - b.cpuUs) };
  }).filter(({ rows }) => rows.length > 0);
  const longest = Math.max(...groups.flatMap(({ rows }) => rows.map(({ cpuUs }) => cpuUs)));
  const length = (microseconds) => (Math.min(microseconds / longest, 1) * WIDTH).toFixed(1);
  const parts = [];
  let y = 20;
  for (const { title, rows } of groups) {
    parts.push(`<text x="0" y="${y}" font-weight="bold">${title}</text>`);
    y += 10;
    for (const { contender, cpuUs, mainUs } of rows) {
      parts.push(
        `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${contender}</text>`,
        `<rect x="${LEFT}" y="${y + 3}" width="${length(cpuUs)}" height="9" fill="#4477aa"/>`,
        `<rect x="${LEFT}" y="${y + 12}" width="${length(mainUs)}" height="6" fill="#ee8866"/>`,
        `<text x="${LEFT + Number(length(cpuUs)) + 6}" y="${y + 15}">${Math.round(cpuUs)} / ${Math.round(mainUs)}</text>`,
      );
      y += ROW;
    }
    y += 20;
  }
  parts.push(`<text x="0" y="${y}">µs of CPU a prediction, 16 at once: the whole process (blue) / its main thread (orange)</text>`);
  const [width, height] = [LEFT + WIDTH + RIGHT, y + 12];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`;
}
