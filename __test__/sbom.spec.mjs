import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import parse from 'spdx-expression-parse';
import { beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../scripts/sbom.mjs', import.meta.url));
const { napi, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const make = () => execFileSync(process.execPath, [program], { encoding: 'utf8' });

/** Cargo tells of the crates; where binaries are only tested there may be none. */
const cargoIsMissing = Boolean(spawnSync('cargo', ['--version']).error);

describe.skipIf(cargoIsMissing)('the bill of materials of a release', () => {
  let text;
  let bill;
  beforeAll(() => {
    text = make();
    bill = JSON.parse(text);
  }, 60_000);

  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

  test("is what CycloneDX's own schema asks for", async () => {
    expect(bill.specVersion).toBe('1.6');
    expect(await validator.validate(text)).toBeNull();
  });

  test('would not be, with a fault in it', async () => {
    for (const fault of [
      (broken) => { broken.components[0].type = 'crate'; },
      (broken) => { broken.components.at(-1).hashes = [{ alg: 'SHA-256' }]; },
      (broken) => { broken.components.push(broken.components[0]); },
      (broken) => { broken.serialNumber = 'urn:uuid:1'; },
      (broken) => { broken.components.at(-1).externalReferences = [{ type: 'source', url: 'https://crates.example' }]; },
    ]) {
      const broken = JSON.parse(text);
      fault(broken);
      expect(await validator.validate(JSON.stringify(broken)), String(fault)).not.toBeNull();
    }
  });

  test('has SPDX expressions as licences, and holds whatever something in it depends on', () => {
    for (const { name, licenses } of [bill.metadata.component, ...bill.components]) {
      expect(() => licenses.map(({ expression }) => parse(expression)), name).not.toThrow();
    }
    const refs = [bill.metadata.component, ...bill.components].map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bill.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort());
    for (const { ref, dependsOn } of bill.dependencies) expect(refs, ref).toEqual(expect.arrayContaining(dependsOn));
  });

  test('names the package of every platform, and every crate with its digest', () => {
    const { dependsOn } = bill.dependencies.find(({ ref }) => ref === `pkg:npm/fallcast@${version}`);
    expect(dependsOn).toHaveLength(napi.targets.length);
    const crates = bill.components.filter(({ purl }) => purl.startsWith('pkg:cargo/'));
    expect(crates.map(({ name }) => name)).toEqual(expect.arrayContaining(['napi', 'reqwest', 'ring', 'rustls', 'tokio']));
    for (const { name, hashes } of crates) expect(hashes, name).toEqual([{ alg: 'SHA-256', content: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  });

  test('is the same for the same release', () => expect(make()).toBe(text));
});
