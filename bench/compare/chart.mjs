/** The chart of the README: the CPU time and the main thread's time of a prediction at 16 at once. */

const CHAINS = { first: 'the first model answers', second: 'the first answers 500, the second answers' };
const [LEFT, WIDTH, ROW, RIGHT] = [110, 460, 26, 70];

/** An SVG of the results of `run.mjs`. */
export function chart({ measured }) {
  const at16 = measured.filter(({ concurrency, chain }) => concurrency === 16 && CHAINS[chain]);
  const longest = Math.max(...at16.map(({ cpuUs }) => cpuUs));
  const length = (microseconds) => ((microseconds / longest) * WIDTH).toFixed(1);
  const parts = [];
  let y = 20;
  for (const chain of Object.keys(CHAINS)) {
    const rows = at16.filter((row) => row.chain === chain).sort((a, b) => a.cpuUs - b.cpuUs);
    if (rows.length === 0) continue;
    parts.push(`<text x="0" y="${y}" font-weight="bold">${CHAINS[chain]}</text>`);
    y += 10;
    for (const { contender, cpuUs, loopUs } of rows) {
      parts.push(
        `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${contender}</text>`,
        `<rect x="${LEFT}" y="${y + 3}" width="${length(cpuUs)}" height="9" fill="#4477aa"/>`,
        `<rect x="${LEFT}" y="${y + 12}" width="${length(Math.min(loopUs, longest))}" height="6" fill="#ee8866"/>`,
        `<text x="${LEFT + Number(length(Math.max(cpuUs, Math.min(loopUs, longest)))) + 6}" y="${y + 15}">${Math.round(cpuUs)} / ${Math.round(loopUs)}</text>`,
      );
      y += ROW;
    }
    y += 20;
  }
  parts.push(`<text x="0" y="${y}">µs a prediction, 16 at once: CPU of the process (blue) / main thread busy (orange)</text>`);
  const [width, height] = [LEFT + WIDTH + RIGHT + 30, y + 12];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`;
}
