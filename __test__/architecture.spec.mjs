import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const page = readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');

/** The first column of the table under a head. */
function column(head) {
  const table = page.slice(page.indexOf(`| ${head} |`)).split('\n\n')[0];
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
}

const rooms = column('room');
const leaves = column('leaf');

/** The rooms that each file names after `crate::`, with the room that it is in. */
function imports() {
  const files = readdirSync(src, { recursive: true }).filter((path) => path.endsWith('.rs') && !path.includes('tests'));
  return files.flatMap((path) => {
    const [room] = path.split(sep);
    const code = readFileSync(join(src, path), 'utf8').replaceAll(/\/\/.*/g, '');
    const single = [...code.matchAll(/\bcrate::(\w+)/g)];
    const grouped = [...code.matchAll(/\bcrate::\{([^;]*)\}/g)].flatMap(([, list]) => [...list.matchAll(/(?:^|,)\s*(\w+)/g)]);
    return [...single, ...grouped].map(([, named]) => ({ path: relative('.', path), room: basename(room, '.rs'), named }));
  });
}

test('ARCHITECTURE.md lists every room and every leaf of src, and no other', () => {
  const there = readdirSync(src).map((name) => basename(name, '.rs')).filter((name) => name !== 'lib');
  expect([...rooms, ...leaves].sort()).toEqual([...new Set(there)].sort());
});

test('a room imports only rooms below it and leaves, a leaf only leaves', () => {
  const found = imports();
  expect(found.length).toBeGreaterThan(100);
  const above = found.filter(({ room, named }) => {
    if (named === room || leaves.includes(named)) return false;
    return !rooms.includes(room) || rooms.indexOf(named) < rooms.indexOf(room);
  });
  expect(above.filter(({ room }) => room !== 'lib')).toEqual([]);
});

/** Words of the sport, wherever they stand in an identifier or a string. */
const WORDS = ['competition', 'football', 'goal', 'goals', 'home', 'kickoff', 'score', 'scores', 'team', 'teams'];
/** Words that mean something else in Rust, as a part: whole identifiers of the sport. */
const NAMES = ['Match', 'Matches', 'match_id', 'match_ids', 'matchId', 'matches'];
/** Where they may stand: the room, its transfer twins, and where JavaScript's arguments and fields have their names. */
const OF_SPORT = [/^football\//, /^binding\/(football|methods|plan|reader)\.rs$/];

/** The words of an identifier: `homeTeam` and `home_team` have two. */
const wordsOf = (name) => name.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split('_');

test('no room but football knows the words of the sport, comments and tests aside', () => {
  const files = readdirSync(src, { recursive: true })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => path.endsWith('.rs') && !path.includes('tests') && !OF_SPORT.some((of) => of.test(path)));
  expect(files.length).toBeGreaterThan(80);
  const found = files.flatMap((path) => {
    const [code] = readFileSync(join(src, path), 'utf8').split('#[cfg(test)]\nmod tests {');
    // The room by its own name, methods of texts and macros of Rust mean nothing else.
    const plain = code.replaceAll(/^\s*\/\/.*|\s\/\/ .*/gm, '').replaceAll(/\b(crate|super)::football\b|\bfootball::|\bmod football\b|[.:]matches\b|\bmatches!/g, '');
    const names = [...plain.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name);
    return names.filter((name) => NAMES.includes(name) || wordsOf(name).some((word) => WORDS.includes(word))).map((name) => `${path}: ${name}`);
  });
  expect([...new Set(found)]).toEqual([]);
});

/** The modules of a room: what stands directly in its folder. Those beneath belong to it. */
function modules(room) {
  const files = readdirSync(join(src, room), { recursive: true }).filter((path) => path.endsWith('.rs'));
  const named = files.map((path) => ({ path, name: basename(path.split(sep)[0], '.rs'), depth: path.split(sep).length }));
  return named.filter(({ path, name }) => name !== 'mod' && !/\btests\b/.test(path));
}

/** The other modules of its room that each module names. */
function neighbours(room) {
  const known = new Set(modules(room).map(({ name }) => name));
  const graph = new Map([...known].map((name) => [name, new Set()]));
  for (const { path, name, depth } of modules(room)) {
    const code = readFileSync(join(src, room, path), 'utf8').replaceAll(/\/\/.*/g, '').split('#[cfg(test)]\nmod tests')[0];
    const toRoom = `(?<![\\w:])(?:${'super::'.repeat(depth)}|crate::${room}::)`;
    for (const [, named] of code.matchAll(new RegExp(`${toRoom}(\\w+|\\{[^;]*\\})`, 'g'))) {
      const names = named.startsWith('{') ? [...named.matchAll(/[{,]\s*(\w+)/g)].map(([, first]) => first) : [named];
      for (const other of names) if (known.has(other) && other !== name) graph.get(name).add(other);
    }
  }
  return graph;
}

/** Everything that can be reached from a module. */
function reached(graph, from, seen = new Set()) {
  for (const next of graph.get(from)) if (!seen.has(next)) reached(graph, next, seen.add(next));
  return seen;
}

test('the modules of a room have no circle', () => {
  const inside = rooms.filter((room) => readdirSync(src).includes(room));
  expect(inside.length).toBeGreaterThan(10);
  expect(neighbours('binding').get('realm')).toContain('inbox');
  const circles = inside.flatMap((room) => {
    const graph = neighbours(room);
    const circle = [...graph.keys()].filter((name) => reached(graph, name).has(name));
    return circle.length > 0 ? [`${room}: ${circle.join(', ')}`] : [];
  });
  expect(circles).toEqual([]);
});

/** The files of `src` without tests, each with its code, comments and unit tests aside. */
function sources() {
  return readdirSync(src, { recursive: true })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => path.endsWith('.rs') && !/(^|\/)tests(\/|\.rs$)/.test(path))
    .map((path) => {
      const text = readFileSync(join(src, path), 'utf8');
      const [code] = text.split('#[cfg(test)]\nmod tests {');
      return { path, text, code: code.replaceAll(/^\s*\/\/.*|\s\/\/ .*/gm, '') };
    });
}

const naming = (pattern) => sources().filter(({ code }) => pattern.test(code)).map(({ path }) => path);

test('the loop names no room that knows a task', () => {
  expect(naming(/\bcrate::(football|ask)\b/).filter((path) => /^(engine|plan|reply)\//.test(path))).toEqual([]);
});

test('only binding names napi, only transport sends, only fleet names Redis, and only one file has unsafe code', () => {
  expect(naming(/\bnapi(_derive)?::/).filter((path) => !path.startsWith('binding/'))).toEqual([]);
  expect(naming(/\b(reqwest|hyper_util|hyper_rustls)::/).filter((path) => !path.startsWith('transport/'))).toEqual([]);
  expect(naming(/\bredis::/).filter((path) => !path.startsWith('fleet/'))).toEqual([]);
  expect(naming(/\bunsafe (\{|fn|impl)/)).toEqual(['binding/node.rs']);
});

test('the pure rooms open nothing and wait for nothing', () => {
  const pure = ['slate', 'plan', 'reply', 'ask', 'football', 'task', 'protocol', 'parse', 'money'];
  const impure = naming(/\b(tokio|reqwest|hyper_util|hyper_rustls|std::(fs|net|process|thread))\b|\basync\b|\.await\b|\b(SystemTime|Instant)::now\b/);
  expect(impure.filter((path) => pure.includes(path.split('/')[0]))).toEqual([]);
});

test('a type has a name of its own, but for the records that binding hands to JavaScript', () => {
  const types = sources().flatMap(({ path, code }) => (
    [...code.matchAll(/^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type) ([A-Z]\w*)/gm)].map(([, name]) => ({ name, path }))
  ));
  const shared = [...new Set(types.map(({ name }) => name))]
    .map((name) => [name, types.filter((type) => type.name === name).map(({ path }) => path)])
    .filter(([, { length }]) => length > 1)
    .filter(([, paths]) => paths.length > 2 || paths.filter((path) => path.startsWith('binding/')).length !== 1);
  expect(Object.fromEntries(shared)).toEqual({});
});

test('a file has at most 400 lines, and a room says at its door what it is', () => {
  const lines = (text) => text.trimEnd().split('\n');
  expect(sources().filter(({ text }) => lines(text).length > 400).map(({ path }) => path)).toEqual([]);
  const doors = sources().filter(({ path }) => path.endsWith('/mod.rs') || !path.includes('/'));
  expect(doors.filter(({ text }) => !text.startsWith('//! ')).map(({ path }) => path)).toEqual([]);
});

test('every file that ARCHITECTURE.md names is there', () => {
  const named = [...page.matchAll(/`((?:src\/)?(?:[\w-]+\/)+[\w.-]*|\w+\.rs)`/g)].map(([, path]) => path).filter((path) => !path.startsWith('fallcast/'));
  const roots = [join(src, '..'), src];
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !roots.some((root) => existsSync(join(root, path))))).toEqual([]);
});
