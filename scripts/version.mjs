/** Writes the version of package.json into the crates and the platforms' packages; run by `npm version`. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

for (const path of ['Cargo.toml', 'addon/Cargo.toml']) {
  const manifest = new URL(path, root);
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^version = ".*"$/m, `version = "${version}"`));
}
const options = { cwd: fileURLToPath(root), stdio: 'inherit', shell: process.platform === 'win32' };
execFileSync('cargo', ['update', '--quiet', '--workspace'], options);
execFileSync('npx', ['napi', 'version'], options);
