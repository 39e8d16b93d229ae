/** A reader of OpenMetrics text 1.0, for counters, gauges and histograms; what the grammar does not allow is refused. */

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?\\})? (\\S+)$`);
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\+Inf)$/;
const SUFFIXES = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_count', '_sum'] };

const refuse = (line, why) => { throw new Error(`${why}: ${line}`); };
const unescape = (text) => text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));

/**
 * The families of an exposition by their names, in order.
 *
 * @typedef {{ name: string, labels: Record<string, string>, value: number }} Sample
 * @param {string} text
 * @returns {Map<string, { type: string, help: string, samples: Sample[] }>}
 */
export function readOpenMetrics(text) {
  if (!text.endsWith('# EOF\n')) throw new Error('does not end with # EOF');
  const families = new Map();
  const series = new Set();
  let family;
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const [, keyword, name, rest] = line.match(new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.+)$`)) ?? [];
    if (keyword) {
      if (family?.name !== name) {
        if (families.has(name)) refuse(line, 'a family in two places');
        family = { name, samples: [] };
        families.set(name, family);
      }
      const field = keyword.toLowerCase();
      if (family[field] !== undefined || family.samples.length > 0) refuse(line, 'metadata twice or late');
      if (keyword === 'TYPE' && !SUFFIXES[rest]) refuse(line, 'an unknown type');
      family[field] = rest;
    } else {
      const sample = readSample(line);
      const suffixes = SUFFIXES[family?.type] ?? refuse(line, 'a sample without a type');
      if (!suffixes.some((suffix) => sample.name === family.name + suffix)) refuse(line, 'a sample of another family');
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(identity)) refuse(line, 'a series twice');
      series.add(identity);
      if (family.type !== 'gauge' && !(sample.value >= 0)) refuse(line, 'a negative count');
      family.samples.push(sample);
    }
  }
  for (const { name, type, samples } of families.values()) {
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
}

function readSample(line) {
  const [, name, labelled = '', ...parts] = line.match(SAMPLE) ?? refuse(line, 'no sample');
  const value = parts.at(-1);
  if (!NUMBER.test(value)) refuse(line, 'no number');
  const labels = {};
  for (const [, label, text] of labelled.matchAll(new RegExp(LABEL, 'g'))) {
    if (Object.hasOwn(labels, label)) refuse(line, 'a label twice');
    labels[label] = unescape(text);
  }
  return { name, labels, value: value === '+Inf' ? Infinity : Number(value) };
}

/** Of each metric: ascending bounds, counts that never fall, a last bucket without a bound that holds them all. */
function checkHistogram(family, samples) {
  const metrics = new Map();
  for (const { name, labels: { le, ...labels }, value } of samples) {
    const key = JSON.stringify(Object.entries(labels).sort());
    const metric = metrics.get(key) ?? { buckets: [] };
    metrics.set(key, metric);
    if (name === `${family}_bucket`) metric.buckets.push([le === '+Inf' ? Infinity : Number(le), value]);
    else metric[name.slice(family.length + 1)] = value;
  }
  for (const [key, { buckets, count, sum }] of metrics) {
    const grows = buckets.every(([bound, value], index) => {
      const [least, fewest] = buckets[index - 1] ?? [-Infinity, 0];
      return bound > least && value >= fewest;
    });
    const [last, all] = buckets.at(-1) ?? [];
    if (!grows || last !== Infinity || all !== count || sum === undefined) refuse(key, 'no histogram');
  }
}
