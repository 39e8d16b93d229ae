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
const isId = (id) => typeof id === 'string' && /[\p{L}\p{N}]/u.test(id) && !/^[<{[]|^(?:string|id|match[ _-]?id)$/i.test(id);

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

module.exports = { matchIdsOf, namedIn };
