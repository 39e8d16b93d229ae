/** Fails unless a release can be made of a tag such as `v1.2.3`: everything has its version, and the repository is known. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

const packages = ['package.json', ...readdirSync(new URL('npm/', root)).map((name) => `npm/${name}/package.json`)];
const crates = ['Cargo.toml', 'addon/Cargo.toml'];

/** Where a version stands, and which. */
export function versions() {
  return Object.fromEntries([
    ...packages.map((path) => [path, JSON.parse(read(path)).version]),
    ...crates.map((path) => [path, /^version = "(.*)"$/m.exec(read(path))?.[1]]),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [tag] = process.argv.slice(2);
  const faults = Object.entries(versions())
    .filter(([, version]) => `v${version}` !== tag)
    .map(([path, version]) => `${path}: ${version} is not the version of the tag ${tag}`);
  for (const path of packages) {
    if (!JSON.parse(read(path)).repository) faults.push(`${path}: provenance needs a repository`);
  }
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
