import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type NameServer, startNameServer } from '@socmate/testing';
import { createNameLookup } from './name-lookup.ts';

const zone: Record<string, readonly string[] | 'silent'> = {
  'both.example': ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
  'v6.example': ['2001:db8::2'],
  'bare.example': [],
  'silent.example': 'silent',
};

let server: NameServer;
let folder: string;
let hostsFile: string;
let lookup: ReturnType<typeof createNameLookup>;

beforeAll(async () => {
  server = await startNameServer((name) => zone[name]);
  folder = await mkdtemp(join(tmpdir(), 'socmate-hosts-'));
  hostsFile = join(folder, 'hosts');
  await writeFile(hostsFile, '# 10.0.0.9 soar.lan\n10.0.0.5\tsoar.lan SOAR # ours\nfd00::5 soar.lan\n\n');
  lookup = createNameLookup({ servers: [server.address], hostsFile, timeoutMs: 100 });
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

test('every address of a name is returned, of both families', async () => {
  expect(await lookup('both.example')).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '192.0.2.2', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ]);
  expect(await lookup('v6.example')).toEqual([{ address: '2001:db8::2', family: 6 }]);
});

test.each([
  ['absent.example', 'ENOTFOUND'],
  ['bare.example', 'ENODATA'],
  ['silent.example', 'ETIMEOUT'],
])('%s rejects with %s', async (name, code) => {
  await expect(lookup(name)).rejects.toMatchObject({ code });
});

test('the hosts file comes before the name server, in any case and without its comments', async () => {
  const addresses = [
    { address: '10.0.0.5', family: 4 },
    { address: 'fd00::5', family: 6 },
  ];
  expect(await lookup('soar.lan')).toEqual(addresses);
  expect(await lookup('Soar')).toEqual(addresses.slice(0, 1));
});

test('without a hosts file the name server is asked', async () => {
  const without = createNameLookup({ servers: [server.address], hostsFile: join(folder, 'none') });
  expect(await without('v6.example')).toEqual([{ address: '2001:db8::2', family: 6 }]);
});

test('localhost and names below it are loopback, whatever a name server would say', async () => {
  for (const name of ['localhost', 'LOCALHOST', 'a.localhost']) {
    expect((await lookup(name)).map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
  }
});
