/** The crates that are linked into the binaries, as Cargo tells them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is linked is what this crate depends on. */
const ADDON = 'fallcast-addon';

/**
 * Every crate of a registry that is linked into a binary of any platform, by name and version; `dependencies` has the names and
 * versions of those that it needs, `direct` of those that Fallcast itself needs.
 */
export function linkedCrates() {
  const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const crates = new Map();
  for (const target of napi.targets) visitAll(target, crates);
  const all = [...crates.values()];
  const found = all.filter(({ source }) => source);
  const named = new Set(found.map(({ name, version }) => `${name} ${version}`));
  const direct = new Set(all.filter(({ source }) => !source).flatMap(({ dependencies }) => [...dependencies]));
  const order = (a, b) => (a.name === b.name ? a.version.localeCompare(b.version) : a.name < b.name ? -1 : 1);
  return {
    crates: found.map((crate) => ({ ...crate, dependencies: [...crate.dependencies].sort() })).sort(order),
    direct: [...direct].filter((crate) => named.has(crate)).sort(),
  };
}

function visitAll(target, crates) {
  const args = ['metadata', '--locked', '--format-version', '1', '--filter-platform', target];
  const metadata = JSON.parse(execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }));
  const packages = new Map(metadata.packages.map((entry) => [entry.id, entry]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set();
  // What a macro is made of is in no binary.
  const isMacro = (id) => packages.get(id).targets.some(({ kind }) => kind.includes('proc-macro'));
  const visit = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    const entry = packages.get(id);
    const crate = crates.get(id) ?? { ...entry, dependencies: new Set() };
    crates.set(id, crate);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (isMacro(pkg) || !kinds.some(({ kind }) => kind === null)) continue;
      crate.dependencies.add(`${packages.get(pkg).name} ${packages.get(pkg).version}`);
      visit(pkg);
    }
  };
  visit(metadata.packages.find(({ name }) => name === ADDON).id);
}
