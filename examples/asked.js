'use strict';

/** What a chat completion asks about, found as a model finds it: by looking. */

const NAMED = /^(?:match[ _-]?)?id$/i;
const LABEL = /(?<![\w-])(?:match[ _-]?id|id)["'`]?\s*[:=]\s*(?:"([^"\n]+)"|'([^'\n]+)'|`([^`\n]+)`|([^\s,;|)\]}"'`]+))/gi;
const BEGINNING = /^\s*(?:[-*•]|\d+[.)])?\s*[[(]?([\w.]*[\w.-]*\d[\w.-]*)[\])]?\s*(?:[:|]|[–—-]\s)\s*\S/;

/**
 * The ids of the matches that a chat completion asks about, each once and in order: those that its JSON Schema allows; else those that
 * its user messages name: as JSON (`match_id`, `matchId`, `id`), with a label (`match_id: m1`, `ID = "m1"`), in a column of a table, or
 * at the beginning of a line (`m1: Liverpool – Everton`, with a digit in it).
 *
 * @param {Record<string, any>} body
 */
function matchIdsOf({ messages = [], response_format: format } = {}) {
  const allowed = [...idsOfSchema(format?.json_schema?.schema)];
  if (allowed.length > 0) return once(allowed);
  const texts = messages.filter(({ role }) => role === 'user').map(textOf);
  for (const find of [idsOfJson, idsOfLabels, idsOfTables, idsOfLines]) {
    const ids = once(texts.flatMap((text) => [...find(text)]));
    if (ids.length > 0) return ids;
  }
  return [];
}

/** The text of a message, be it in parts. */
function textOf({ content }) {
  return Array.isArray(content) ? content.map(({ text = '' }) => text).join('\n') : String(content ?? '');
}

/** Those of `ids` that a chat completion names, as whole words. */
function namedIn({ messages = [] }, ids) {
  const text = messages.map(textOf).join('\n');
  const isWord = (char) => char !== undefined && /[\p{L}\p{N}_-]/u.test(char);
  return ids.filter((id) => {
    for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
      if (!isWord(text[at - 1]) && !isWord(text[at + id.length])) return true;
    }
    return false;
  });
}

const once = (ids) => [...new Set(ids)];

/** Whether it is an id, and no sign that one is to stand there. */
const isId = (id) => typeof id === 'string' && /[^\s.…]/u.test(id) && !/^[<{[]|^(?:string|id|match[ _-]?id)$/i.test(id);

function* idsOfSchema(schema) {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (NAMED.test(name)) yield* (inner.enum ?? [inner.const]).filter(isId);
  }
  for (const inner of Object.values(schema)) yield* idsOfSchema(inner);
}

function* idsOfJson(text) {
  const lines = text.split('\n').map((line) => line.trim().replace(/,$/, ''));
  for (const part of [text, ...lines]) {
    if (!/^\s*[[{]/.test(part)) continue;
    try {
      yield* idsOfValue(JSON.parse(part));
    } catch {
      // It only begins like JSON.
    }
  }
}

function* idsOfValue(value) {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (NAMED.test(name)) yield* [inner].filter(isId);
    yield* idsOfValue(inner);
  }
}

function* idsOfLabels(text) {
  for (const [, ...found] of text.matchAll(LABEL)) yield* found.filter(isId);
}

/** Tables in Markdown, and values between commas or tabs, under a head. */
function* idsOfTables(text) {
  let [column, width] = [-1, 0];
  for (const line of text.split('\n')) {
    const separator = ['|', '\t', ','].find((char) => line.includes(char)) ?? '|';
    const cells = line.trim().replace(/^\||\|$/g, '').split(separator).map((cell) => cell.trim());
    if (cells.length > 1 && cells.some((cell) => NAMED.test(cell))) {
      [column, width] = [cells.findIndex((cell) => NAMED.test(cell)), cells.length];
    } else if (cells.length !== width) {
      column = -1;
    } else if (column >= 0 && !/^[-: ]*$/.test(cells[column])) {
      yield* [cells[column]].filter(isId);
    }
  }
}

function* idsOfLines(text) {
  for (const line of text.split('\n')) yield* (BEGINNING.exec(line)?.slice(1) ?? []).filter(isId);
}

/** How the schema begins that stands in a prompt. */
const IN_WORDS = 'fits this JSON Schema:\n';

/**
 * The JSON Schema that an answer to a chat completion has to fit: that of its `response_format`, or the one that Fallcast puts into
 * the system message; undefined where there is none, or where it is that of predictions.
 *
 * @param {Record<string, any>} body
 */
function schemaOf({ messages = [], response_format: format } = {}) {
  if (format?.json_schema) return format.json_schema.name === 'predictions' ? undefined : format.json_schema.schema;
  const text = messages.filter(({ role }) => role === 'system').map(textOf).find((system) => system.includes(IN_WORDS));
  try {
    return text && JSON.parse(text.slice(text.indexOf(IN_WORDS) + IN_WORDS.length));
  } catch {
    return undefined;
  }
}

const OF_FORMAT = {
  date: '2026-01-31', 'date-time': '2026-01-31T12:00:00Z', time: '12:00:00Z', email: 'a@example.com', uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000', ipv4: '127.0.0.1',
};

/**
 * The value with which every model of the upstream answers a JSON Schema: always the same, and one that fits it unless it has a
 * pattern or excludes something.
 *
 * @param {any} schema
 */
function valueFor(schema, root = schema, depth = 0) {
  if (typeof schema !== 'object' || schema === null) return 'text';
  if (typeof schema.$ref === 'string') {
    const parts = schema.$ref.split('/').slice(1).map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
    return depth > 32 ? null : valueFor(parts.reduce((found, part) => found?.[part], root), root, depth + 1);
  }
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice?.length > 0) return valueFor({ ...schema, anyOf: undefined, oneOf: undefined, ...choice[0] }, root, depth + 1);
  if (schema.allOf?.length > 0) {
    const merged = schema.allOf.reduce((all, one) => ({ ...all, ...one, properties: { ...all.properties, ...one.properties } }), schema);
    return valueFor({ ...merged, allOf: undefined }, root, depth + 1);
  }
  const [type] = [schema.type ?? (schema.properties ? 'object' : schema.items ? 'array' : 'string')].flat();
  if (type === 'object') {
    const { properties = {}, required = [] } = schema;
    // Of what describes itself only what has to be there.
    const names = Object.keys(properties).filter((name) => depth < 4 || required.includes(name));
    return Object.fromEntries(names.map((name) => [name, valueFor(properties[name], root, depth + 1)]));
  }
  if (type === 'array') {
    const first = (schema.prefixItems ?? []).map((item) => valueFor(item, root, depth + 1));
    const count = Math.max(schema.minItems ?? 0, depth < 4 ? 1 : 0) - first.length;
    if (schema.items === false || count <= 0) return first;
    return [...first, ...Array.from({ length: count }, () => valueFor(schema.items ?? {}, root, depth + 1))];
  }
  if (type === 'number' || type === 'integer') {
    const step = schema.multipleOf ?? 1;
    const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + step);
    return least === undefined ? Math.min(0, schema.maximum ?? 0) : Math.ceil(least / step) * step;
  }
  if (type === 'boolean') return true;
  if (type === 'null') return null;
  const text = OF_FORMAT[schema.format] ?? 'text';
  return text.slice(0, schema.maxLength ?? text.length).padEnd(schema.minLength ?? 0, '.');
}

module.exports = { matchIdsOf, namedIn, schemaOf, valueFor };
