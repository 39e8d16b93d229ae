/** What `npm ci` asks of a lock file, on whatever platform it runs. */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json');

/** Whether a package that stands at `from` finds one of this name, in its own folder or in one above. */
function isFound(name, from) {
  for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${path ? `${path}/` : ''}node_modules/${name}`]) return true;
    if (path === '') return false;
  }
}

test('the lock file has the optional packages of every platform', () => {
  const wanted = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).map((name) => ({ path, name })));
  expect(wanted.length).toBeGreaterThan(100);
  expect(wanted.filter(({ path, name }) => !isFound(name, path))).toEqual([]);
});

test('the lock file is of what package.json asks for, from any registry', () => {
  expect(packages[''].devDependencies).toEqual(read('package.json').devDependencies);
  expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([]);
});
