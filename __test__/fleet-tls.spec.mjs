/** A Redis that speaks TLS: whom a member trusts, and how it shows who it is. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { fleetConfig, startMember, startServer } from './fleet.mjs';
import { opensslIsMissing } from './redis-is-missing.mjs';
import { fallcast, thrown } from './support.mjs';

beforeEach(({ skip }) => {
  if (opensslIsMissing) skip(opensslIsMissing);
});

/** An authority, and what it certifies: the paths of a certificate, its key and the authority. */
function authority() {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'config');
  writeFileSync(config, '[req]\ndistinguished_name = name\n[name]\n');
  const certify = (name, ...more) => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    const common = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', '-config', config, '-x509', ...common, '-keyout', key, '-out', cert, ...more], { stdio: 'pipe' });
    return { cert, key };
  };
  const { cert: ca, key } = certify('authority', '-addext', 'basicConstraints=critical,CA:TRUE');
  return (name, address) => ({
    ca,
    ...certify(name, '-CA', ca, '-CAkey', key, '-addext', `subjectAltName=${address}`, '-addext', 'basicConstraints=CA:FALSE'),
  });
}

const pem = (path) => readFileSync(path, 'utf8');

test('members that trust the authority share what they know', async () => {
  const tls = authority()('server', 'IP:127.0.0.1');
  const server = await startServer({ tls, args: ['--tls-auth-clients', 'no'] });
  const config = fleetConfig(server, ['a', 'b'], { fleet: { tls: { ca: pem(tls.ca) } } });
  const [one, other] = await Promise.all([startMember(config), startMember(config)]);
  await Promise.all([one.joined(), other.joined()]);
  await one.ask('disableModel', ['a', 'by hand']);
  expect(await other.event('disabled')).toMatchObject({ modelId: 'a', reason: 'by hand' });
});

test('a member shows its certificate, with the key and the password from its environment', async () => {
  const certify = authority();
  const tls = certify('server', 'IP:127.0.0.1');
  const { cert, key } = certify('worker', 'DNS:worker');
  const server = await startServer({ tls, args: ['--tls-auth-clients', 'yes', '--requirepass', 'hunter22'] });
  const fleet = {
    url: server.url, tls: { ca: [pem(tls.ca)], cert: pem(cert), keyEnv: 'WORKER_KEY' }, passwordEnv: 'WORKER_PASSWORD',
  };
  const config = fleetConfig(server, ['a'], { fleet });
  const member = await startMember(config, { WORKER_KEY: pem(key), WORKER_PASSWORD: 'hunter22' });
  await member.joined();
  expect((await member.ask('getFleet')).members).toHaveLength(1);
  await member.ask('close');

  const wrong = await startMember(config, { WORKER_KEY: pem(key), WORKER_PASSWORD: 'hunter23' });
  expect((await wrong.event('fleet_lost')).problem).toMatch(/^Redis refuses: /);
  const told = JSON.stringify([member.events, member.logs, wrong.events, wrong.logs]);
  expect(told).not.toMatch(/hunter2|PRIVATE KEY/);
  for (const line of pem(key).split('\n').filter((line) => line && !line.startsWith('---'))) expect(told).not.toContain(line);

  process.env.WORKER_KEY = 'hunter22-is-no-key';
  onTestFinished(() => { delete process.env.WORKER_KEY; });
  const refusal = (more) => thrown(() => new fallcast.Fallcast({ ...config, fleet: { ...fleet, passwordEnv: undefined, ...more } }));
  expect(refusal({}).message).toMatch(/^config\.fleet\.tls\.key: /);
  expect(refusal({}).message).not.toContain('hunter22');
  expect(refusal({ tls: { ...fleet.tls, keyEnv: 'NOT_SET_AT_ALL' } }).message)
    .toMatch(/^config\.fleet\.tls\.keyEnv: the environment variable NOT_SET_AT_ALL is not set/);
});

test.each([
  ['an authority that it does not know', { tls: true }, /UnknownIssuer|unknown/i],
  ['another name than was certified', { host: 'localhost' }, /not valid for name|NotValidForName/i],
  ['that it shows no certificate', { demands: 'yes' }, /certificate/i],
])('a member is alone, and says why, for %s', async (_, { tls, host = '127.0.0.1', demands = 'no' }, problem) => {
  const files = authority()('server', 'IP:127.0.0.1');
  const server = await startServer({ tls: files, args: ['--tls-auth-clients', demands] });
  const fleet = { url: undefined, host, port: server.port, tls: tls ?? { ca: pem(files.ca) } };
  const member = await startMember(fleetConfig(server, ['a'], { fleet }));
  expect((await member.event('fleet_lost')).problem).toMatch(problem);
  expect(member.logs.filter(({ message }) => message === 'without its fleet')).toHaveLength(1);
  expect(await member.ask('getFleet')).toMatchObject({ state: 'alone', members: [] });
  expect(await member.ask('getActiveModelCount')).toBe(1);
});
