/**
 * Writes `package-lock.json` anew, with the optional packages of every platform, which `npm ci` asks for everywhere, and
 * without the addresses from which packages were fetched, so that any registry will do.
 *
 * npm leaves out of a lock file what its own platform does not install once there is a `node_modules`, so the file is made in
 * a folder where there is none.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fallcast-lock-'));
try {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund'];
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  copyFileSync(join(folder, 'package-lock.json'), join(root, 'package-lock.json'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
