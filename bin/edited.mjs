/** Changes a text of JSON where its values stand, so that the rest of it stays as somebody wrote it. */

/** Where the value of a sound text of JSON begins and ends, and where what is in it does. */
function placesIn(text) {
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  const next = () => tokens.next().value;
  const endOf = (token) => token.index + token[0].length;
  const read = (first) => {
    const place = { start: first.index, end: endOf(first), fields: [], items: [] };
    if (!'{['.includes(first[0])) return place;
    let token = next();
    for (; !'}]'.includes(token[0]); token = next()) {
      if (token[0] === ',') token = next();
      if (first[0] === '[') {
        place.items.push(read(token));
        continue;
      }
      next();
      const value = read(next());
      place.fields.push({ name: JSON.parse(token[0]), start: token.index, nameEnd: endOf(token), value, end: value.end });
    }
    return { ...place, end: endOf(token) };
  };
  return read(next());
}

/** JSON with each list of plain values on one line. */
const inShort = (value, indent = '  ') => JSON.stringify(value, null, indent)
  .replaceAll(/\[\n\s*([^[\]{}]*?)\n\s*\]/g, (_, items) => `[${items.split(/,\n\s+/).join(', ')}]`);

/** What stands before the first of some places in a value, between two of them, and after the last. */
function spacesOf(text, { start, end }, parts) {
  const before = text.slice(start + 1, parts[0].start);
  const between = parts.length > 1 ? text.slice(parts.at(-2).end, parts.at(-1).start) : `,${before}`;
  return { before, between, after: text.slice(parts.at(-1).end, end - 1) };
}

/** A field as those of the object at a place are written. */
function fieldText(text, { fields: [{ nameEnd, value: { start } }] }, { before, after }, name, value) {
  const [inner, outer] = [before, after].map((space) => space.slice(space.lastIndexOf('\n') + 1));
  const [eol] = /\r?\n/.exec(before) ?? [];
  const unit = inner.length > outer.length && inner.startsWith(outer) ? inner.slice(outer.length) : '  ';
  const json = eol === undefined ? JSON.stringify(value) : inShort(value, unit).replaceAll('\n', `${eol}${inner}`);
  return JSON.stringify(name) + text.slice(nameEnd, start) + json;
}

/** The edits that give the object at a place these fields: those that it has get the values, the others come after its last. */
function fieldEdits(text, place, fields) {
  const spaces = spacesOf(text, place, place.fields);
  const known = (name) => place.fields.findLast((field) => field.name === name)?.value;
  const added = Object.keys(fields).filter((name) => !known(name)).map((name) => spaces.between + fieldText(text, place, spaces, name, fields[name]));
  const changed = Object.keys(fields).filter(known).map((name) => ({ ...known(name), by: JSON.stringify(fields[name]) }));
  const { end } = place.fields.at(-1);
  return [...changed, { start: end, end, by: added.join('') }];
}

/**
 * The text of a file whose list `part` holds entries with ids: `changes` are fields of entries that it has, by id, `more` are
 * entries that come after its last. Without such a list, or with an empty one, it is written anew.
 */
export function edited(text, part, changes, more) {
  const whole = text === undefined ? {} : JSON.parse(text.replace(/^\uFEFF/, ''));
  const list = text === undefined ? undefined : placesIn(text).fields.findLast(({ name }) => name === part)?.value;
  if (!list?.items.length) return `${inShort({ ...whole, [part]: more })}\n`;
  const edits = whole[part].flatMap(({ id }, index) => (changes.has(id) ? fieldEdits(text, list.items[index], changes.get(id)) : []));
  const last = list.items.at(-1);
  const { between } = spacesOf(text, list, list.items);
  const spaces = spacesOf(text, last, last.fields);
  const added = more.map((entry) => {
    const fields = Object.entries(entry).map(([name, value]) => fieldText(text, last, spaces, name, value));
    return `${between}{${spaces.before}${fields.join(spaces.between)}${spaces.after}}`;
  });
  edits.push({ start: last.end, end: last.end, by: added.join('') });
  const inOrder = edits.sort((one, other) => one.start - other.start);
  return inOrder.reduceRight((changed, { start, end, by }) => changed.slice(0, start) + by + changed.slice(end), text);
}
