/**
 * Prints what a release is made of, as a CycloneDX bill of materials: the main package, which depends on nothing but its
 * platforms' packages, and every crate that is linked into their binaries, with its licence and the digest of its source.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { linkedCrates } from './crates.mjs';

const root = new URL('..', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

const { name, version, license, description } = JSON.parse(read('package.json'));
const npm = (id) => `pkg:npm/${id}@${version}`;
const cargo = (crate) => `pkg:cargo/${crate.replace(' ', '@')}`;

/** The SHA-256 of each crate's source, as Cargo.lock has it. */
const digests = new Map([...read('Cargo.lock').matchAll(/name = "(.+)"\nversion = "(.+)"\n(?:source = .*\n)?checksum = "(.+)"/g)]
  .map(([, crate, of, digest]) => [`${crate} ${of}`, digest]));

const { crates, direct } = linkedCrates();
const known = new Set(crates.map((crate) => `${crate.name} ${crate.version}`));
const platforms = readdirSync(new URL('npm/', root)).map((platform) => `${name}-${platform}`);

const components = crates.map((crate) => {
  const id = `${crate.name} ${crate.version}`;
  return {
    'type': 'library',
    'bom-ref': cargo(id),
    'name': crate.name,
    'version': crate.version,
    'hashes': [{ alg: 'SHA-256', content: digests.get(id) }],
    // A slash was how alternatives were written once.
    'licenses': [{ expression: crate.license.replaceAll(/ ?\/ ?/g, ' OR ') }],
    'purl': cargo(id),
    ...(crate.repository && { externalReferences: [{ type: 'vcs', url: crate.repository }] }),
  };
});
const packages = platforms.map((platform) => ({
  'type': 'library', 'bom-ref': npm(platform), 'name': platform, version, 'licenses': [{ expression: license }], 'purl': npm(platform),
}));
const dependencies = [
  { ref: npm(name), dependsOn: platforms.map(npm) },
  ...platforms.map((platform) => ({ ref: npm(platform), dependsOn: direct.map(cargo) })),
  ...crates.map((crate) => ({
    ref: cargo(`${crate.name} ${crate.version}`),
    dependsOn: crate.dependencies.filter((dependency) => known.has(dependency)).map(cargo),
  })),
];
// The same release has the same serial number, whoever makes the bill.
const serial = createHash('sha256').update(JSON.stringify([name, version, [...known]])).digest('hex');
const uuid = `${serial.slice(0, 8)}-${serial.slice(8, 12)}-5${serial.slice(13, 16)}-8${serial.slice(17, 20)}-${serial.slice(20, 32)}`;

console.log(JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${uuid}`,
  version: 1,
  metadata: {
    component: {
      'type': 'library', 'bom-ref': npm(name), name, version, description, 'licenses': [{ expression: license }], 'purl': npm(name),
    },
  },
  components: [...packages, ...components],
  dependencies,
}, null, 2));
