/**
 * Writes into the manifests below a folder (this clone if none is named) from which repository they are published:
 * `repository`, `homepage` and `bugs`. npm compares the first with the workflow that signs the provenance, so the release
 * says it, and no address stands in the tree. `GITHUB_SERVER_URL` and `GITHUB_REPOSITORY` are those of a workflow.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
if (!server || !/^[\w.-]+\/[\w.-]+$/.test(repository ?? '')) {
  console.error('repository: GITHUB_SERVER_URL and GITHUB_REPOSITORY (owner/name) must be set');
  process.exit(1);
}
const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const address = `${server}/${repository}`;
const platforms = readdirSync(join(root, 'npm')).map((platform) => join('npm', platform));
for (const directory of ['.', ...platforms]) {
  const file = join(root, directory, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  Object.assign(manifest, {
    repository: { type: 'git', url: `git+${address}.git`, ...(directory !== '.' && { directory: directory.replaceAll('\\', '/') }) },
    homepage: `${address}#readme`,
    bugs: { url: `${address}/issues` },
  });
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}
