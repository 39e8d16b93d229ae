import { readdirSync, readFileSync } from 'node:fs';
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
