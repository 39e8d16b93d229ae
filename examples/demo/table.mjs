/** Text in aligned columns, also where characters take two cells, as in Japanese. */

/** Hangul, CJK and full-width characters, and emoji. */
const WIDE = new RegExp([
  '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe4f]',
  '[\\uff01-\\uff60\\uffe0-\\uffe6]',
  '\\p{Emoji_Presentation}',
].join('|'), 'u');
const INVISIBLE = /^[\p{Control}\p{Format}\p{Mark}]+$/u;
const segmenter = new Intl.Segmenter();

const isPlain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';
const color = (open, close) => (text) => (isPlain || text === '' ? text : `\u001b[${open}m${text}\u001b[${close}m`);

/** Colours for standard output; plain text if it is no terminal or NO_COLOR is set. */
export const paint = { bold: color(1, 22), dim: color(2, 22), red: color(31, 39) };

/**
 * How many cells of a terminal a text takes.
 *
 * @param {string} text
 */
export function width(text) {
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) {
    if (!INVISIBLE.test(segment)) cells += WIDE.test(segment) ? 2 : 1;
  }
  return cells;
}

/**
 * Cuts a text to a number of cells, with an ellipsis for what is lost.
 *
 * @param {string} text
 * @param {number} cells
 */
export function cut(text, cells) {
  if (width(text) <= cells) return text;
  let kept = '';
  for (const { segment } of segmenter.segment(text)) {
    if (width(kept + segment) > cells - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * A table with a heading. A heading that begins with `>` aligns its column to the right.
 *
 * @param {string[]} headings
 * @param {string[][]} rows
 * @param {number} [limit] the cells of a line; the widest columns give way
 */
export function table(headings, rows, limit = Infinity) {
  const titles = headings.map((heading) => heading.replace(/^>/, ''));
  const widths = titles.map((name, column) => Math.max(...[name, ...rows.map((row) => row[column])].map(width)));
  const gaps = 2 * (widths.length - 1);
  while (widths.reduce((sum, cells) => sum + cells, gaps) > limit) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= 12) break;
    widths[widest] -= 1;
  }
  const line = (row) => row.map((text, column) => {
    const shown = cut(text, widths[column]);
    const space = ' '.repeat(widths[column] - width(shown));
    return headings[column].startsWith('>') ? space + shown : shown + space;
  }).join('  ').trimEnd();
  return [
    paint.bold(line(titles)),
    paint.dim(widths.map((cells) => '─'.repeat(cells)).join('  ')),
    ...rows.map(line),
  ].join('\n');
}
