/**
 * Writes `THIRD-PARTY-NOTICES.txt`: the licences of every crate that is linked into a binary, on any platform, with their texts.
 * With `--check` it writes nothing and fails if the file is stale. Both fail where a crate has no licence that `deny.toml`
 * allows, or no text of it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { linkedCrates } from './crates.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'THIRD-PARTY-NOTICES.txt');
/** Which licence is chosen where a crate leaves the choice, the first that it offers. */
const PREFERRED = ['MIT', 'Apache-2.0', 'ISC', 'BSD-3-Clause', 'Zlib', 'BSL-1.0', '0BSD', 'CC0-1.0', 'Unicode-3.0', 'CDLA-Permissive-2.0'];
/** How the text of each begins, or what only it says. */
const SAYS = {
  'MIT': /permission is hereby granted, free of charge, to any/i,
  'Apache-2.0': /apache license/i,
  'ISC': /permission to use, copy, modify, and\/or distribute/i,
  'BSD-3-Clause': /redistribution and use in source and binary forms/i,
  'Zlib': /this software is provided 'as-is'/i,
  'BSL-1.0': /boost software license/i,
  'CC0-1.0': /cc0 1\.0 universal|creative commons/i,
  'Unicode-3.0': /unicode license v3/i,
  'CDLA-Permissive-2.0': /community data license agreement/i,
};
/** How deep below a crate's folder its licences may stand, those of the C sources that it holds for one. */
const DEEP = 3;

/** The licences that are chosen of an expression: of each alternative one, of what is joined all. */
export function chosen(expression, allowed) {
  const alternatives = expression.replaceAll(/[()]/g, ' ').split(/\bAND\b/);
  return [...new Set(alternatives.map((part) => {
    const offered = part.split(/\bOR\b|\//).map((name) => name.trim());
    const choice = PREFERRED.find((name) => offered.includes(name) && allowed.includes(name));
    if (!choice) throw new Error(`deny.toml allows none of ${part.trim()}`);
    return choice;
  }))];
}

/** The texts of licences in a crate's folder, with their paths. */
function textsIn(folder, depth = DEEP) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && !/^(tests?|examples|benches|\.git.*)$/.test(entry.name) ? textsIn(path, depth - 1) : [];
    return /^(licen[cs]e|copying|copyright|notice|unlicense)/i.test(entry.name) && !/\.(rs|html|toml|json)$/.test(entry.name)
      ? [readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim()] : [];
  });
}

const words = (text) => text.replaceAll(/\s+/g, ' ');

function notices() {
  const [, list] = /^allow = \[([^\]]*)\]/m.exec(readFileSync(join(root, 'deny.toml'), 'utf8'));
  const allowed = [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  const crates = linkedCrates().crates.map((entry) => {
    const { name, version, license, manifest_path: manifest, repository } = entry;
    try {
      const licences = chosen(license, allowed);
      const all = textsIn(dirname(manifest));
      // A file that none of the patterns knows is a notice, and belongs to it.
      const known = (text) => Object.entries(SAYS).filter(([, says]) => says.test(text)).map(([id]) => id);
      const texts = all.filter((text) => known(text).length === 0 || known(text).some((id) => licences.includes(id)));
      return { name, version, license, licences, repository, texts };
    } catch (error) {
      throw new Error(`${name} ${version}: ${error.message}`);
    }
  });
  // Some crates ship no text. Those of the same licence say what it is; who holds the copyright is then who wrote the crate.
  const standard = (id) => crates.flatMap(({ licences, texts }) => (licences.length === 1 && licences[0] === id ? texts : []))
    .filter((text) => SAYS[id].test(text)).sort((a, b) => a.length - b.length)[0];
  const unused = allowed.filter((id) => !crates.some(({ license }) => license.includes(id)));
  const groups = new Map();
  for (const crate of crates) {
    const lacking = crate.licences.filter((id) => !crate.texts.some((text) => SAYS[id]?.test(text)));
    const texts = [...crate.texts, ...lacking.map((id) => {
      const text = standard(id);
      if (!text) throw new Error(`${crate.name} ${crate.version}: no text of ${id}`);
      return text.replace(/^copyright.*$/gim, `Copyright (c) the authors of ${crate.name}`);
    })];
    for (const text of texts) {
      const key = words(text);
      groups.set(key, { text, crates: [...(groups.get(key)?.crates ?? []), crate] });
    }
  }
  const label = ({ name, version, license }) => `${name} ${version} (${license})`;
  const parts = [...groups.values()].map(({ text, crates: of }) => `${[...new Set(of.map(label))].join('\n')}\n\n${text}`);
  const head = `The binaries of Fallcast hold parts of the crates below, each under the licence that follows it. Where a crate leaves the
choice, the first of these that it offers was chosen: ${PREFERRED.join(', ')}.
Written by "npm run notices".`;
  const line = '-'.repeat(100);
  return { text: `${[head, ...parts].join(`\n\n${line}\n\n`)}\n`, count: crates.length, unused };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { text, count, unused } = notices();
  if (unused.length > 0) console.log(`deny.toml allows what no crate of a binary has: ${unused.join(', ')}`);
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error('THIRD-PARTY-NOTICES.txt is stale: run "npm run notices" and commit it');
    process.exit(1);
  }
  console.log(`${count} crates, ${Math.round(text.length / 1000)} kB of notices`);
}
