import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { versions } from '../scripts/check-version.mjs';

const root = new URL('..', import.meta.url);
const { napi } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const platforms = readdirSync(new URL('npm/', root));

/** Loads the package on a machine that calls itself so. */
function loadOn(platform, arch) {
  const program = `Object.defineProperties(process, { platform: { value: '${platform}' }, arch: { value: '${arch}' } });
    require('fallcast');`;
  const options = { cwd: fileURLToPath(root), encoding: 'utf8', timeout: 20_000 };
  return spawnSync(process.execPath, ['--eval', program], options);
}

test('where no binary loads, the error says what is supported, what was tried and how to build one', () => {
  const { status, stderr } = loadOn('freebsd', 'riscv64');
  expect(status).not.toBe(0);
  expect(stderr).toContain(`no binary that loads on freebsd-riscv64 with Node.js ${process.version}`);
  expect(stderr).toContain('Unsupported architecture on FreeBSD: riscv64');
  for (const advice of ['Rust toolchain', 'npm run setup', '--omit=optional']) expect(stderr).toContain(advice);
});

test('the error names every platform that has a package, and no other', () => {
  const { stderr } = loadOn('freebsd', 'riscv64');
  const systems = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
  const listed = [...stderr.matchAll(/^ {2}(\w+) +(\w+) and (\w+)(.*)$/gm)].flatMap(([, system, first, second, libc]) =>
    [first, second].flatMap((arch) => (libc ? [`${system} ${arch} gnu`, `${system} ${arch} musl`] : [`${system} ${arch}`])));
  const packaged = platforms.map((name) => name.replace('-msvc', '').split('-'))
    .map(([system, ...rest]) => [systems[system], ...rest].join(' '));
  expect(listed.sort()).toEqual(packaged.sort());
});

test('each target has a package', () => {
  const arch = { x86_64: 'x64', aarch64: 'arm64' };
  const system = { darwin: 'darwin', linux: 'linux', windows: 'win32' };
  const names = napi.targets.map((target) => {
    const [cpu, , os, libc] = target.split('-');
    return [system[os], arch[cpu], libc].filter(Boolean).join('-');
  });
  expect(names.sort()).toEqual(platforms.sort());
  for (const name of platforms) {
    const manifest = JSON.parse(readFileSync(new URL(`npm/${name}/package.json`, root), 'utf8'));
    expect(manifest).toMatchObject({ name: `fallcast-${name}`, main: `fallcast.${name}.node`, license: 'MIT' });
  }
});

test('everything has the same version', () => {
  expect([...new Set(Object.values(versions()))]).toHaveLength(1);
});
