/** The figures as tables: as text, of one case, and as Markdown in README.md and docs/speed.md. */
import { readFileSync, writeFileSync } from 'node:fs';

import { goalCells, ratio, reached, rowOf } from './goals.mjs';

const TRANSPORTS = { plain: 'plain', tls: 'TLS', h2: 'TLS, HTTP/2' };
const CHAINS = { first: 'the first model answers', second: 'the first answers 500, the second answers', slow: 'the model takes a second' };

/** The columns: the heading, the figure, how many digits it has, and whether its ratio to undici stands behind it. */
const COLUMNS = [
  ['CPU µs', 'cpuUs', 1, true],
  ["main thread's CPU µs", 'threadUs', 1, true],
  ['event loop busy µs', 'loopUs', 1, true],
  ['a second', 'perSecond', 0, true],
  ['p50 ms', 'p50Ms', 2, true],
  ['p99 ms', 'p99Ms', 2, true],
  ['loop late p99 ms', 'delayP99Ms', 1, false],
  ['RSS MB', 'residentMb', 0, false],
  ['KB a call', 'residentKbACall', 1, false],
];

const name = ({ transport, chain, concurrency }) =>
  `${TRANSPORTS[transport]}: ${CHAINS[chain]}, ${concurrency.toLocaleString('en')} at once`;

function number(value, digits) {
  return value == null ? '' : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The cells of a row, beginning with the contender; `measured` holds what it is compared with. */
function cells(measured, row) {
  const figures = COLUMNS.map(([, figure, digits, isCompared]) => {
    const compared = isCompared ? ratio(measured, row, figure, 'undici') : null;
    return number(row[figure], digits) + (compared === null ? '' : ` (${compared.toFixed(2)})`);
  });
  return [row.contender, ...figures];
}

/** One case as text, to be read in a terminal. */
export function table(work, rows) {
  const lines = [['', ...COLUMNS.map(([heading]) => heading)], ...rows.map((row) => cells(rows, row))];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) => line.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  '));
  return [`\n${name(work)}`, ...text].join('\n');
}

const markdown = (head, rows, align) => [head, align, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Every figure of every case. */
export function whole({ measured }) {
  const head = ['', '', ...COLUMNS.map(([heading]) => heading)];
  return markdown(head, measured.map((row) => [name(row), ...cells(measured, row)]), head.map((_, column) => (column < 2 ? '---' : '--:')));
}

/** What matters most: CPU and main thread of those that most would choose between. */
export function short({ measured }) {
  const contenders = ['fallcast', 'undici', 'fetch'];
  const cases = [['tls', 'first', 16], ['h2', 'first', 16], ['tls', 'second', 16], ['plain', 'first', 16], ['tls', 'slow', 2000]];
  const rows = cases.map(([transport, chain, concurrency]) => ({ transport, chain, concurrency }))
    .filter((work) => rowOf(measured, 'fallcast', work))
    .map((work) => [name(work), ...contenders.map((contender) => {
      const row = measured.find((row) => row.contender === contender && name(row) === name(work));
      return row ? `${Math.round(row.cpuUs)} / ${Math.round(row.threadUs ?? row.loopUs)}` : '';
    })]);
  return markdown(['µs of CPU / of them the main thread', ...contenders], rows, ['---', '--:', '--:', '--:']);
}

/** The goals, met or not. */
export function goals({ measured }) {
  const rows = reached(measured).map(goalCells);
  return markdown(['case', 'figure', 'goal', 'found', ''], rows, ['---', '---', '--:', '--:', '---']);
}

/** Where each table stands: between two comments with its name. */
export const TABLES = [['README.md', 'short', short], ['docs/speed.md', 'whole', whole], ['docs/speed.md', 'goals', goals]];

/** A page with its table of this name replaced. */
export function withTable(text, name, table) {
  const [begin, end] = [`<!-- table: ${name} -->`, '<!-- end -->'];
  const at = text.indexOf(begin);
  if (at < 0) throw new Error(`there is no ${begin}`);
  const after = at + begin.length;
  return `${text.slice(0, after)}\n${table}\n${text.slice(text.indexOf(end, after))}`;
}

export function writeTables(results) {
  for (const [page, name, make] of TABLES) {
    const file = new URL(`../../${page}`, import.meta.url);
    writeFileSync(file, withTable(readFileSync(file, 'utf8'), name, make(results)));
  }
}
