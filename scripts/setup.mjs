/** Makes a clone ready to run: installs the development dependencies where they are missing, then builds the addon. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);

/** Whether what package-lock.json asks for is there, in its version; what is optional may be absent. */
function isInstalled() {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'));
  return Object.entries(packages).every(([path, { version, optional, link }]) => {
    if (path === '' || optional || link) return true;
    const manifest = new URL(`${path}/package.json`, root);
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  });
}

function npm(...args) {
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  try {
    execFileSync('npm', args, options);
  } catch (error) {
    console.error(`setup: npm ${args.join(' ')} failed. A Rust toolchain and Node.js 20.17 or later are needed.`);
    process.exit(error.status ?? 1);
  }
}

if (!isInstalled()) npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
npm('run', '--silent', 'build');
