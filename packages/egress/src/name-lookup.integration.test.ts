import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createNameLookup } from './name-lookup.ts';

const A = 1;
const AAAA = 28;
const NAME_ERROR = 3;
// name → type → addresses as bytes
const zone: Record<string, Record<number, Buffer[]>> = {
  'both.example': {
    [A]: [Buffer.of(192, 0, 2, 1), Buffer.of(192, 0, 2, 2)],
    [AAAA]: [Buffer.from('20010db8000000000000000000000001', 'hex')],
  },
  'v6.example': { [AAAA]: [Buffer.from('20010db8000000000000000000000002', 'hex')] },
  'bare.example': {},
};

let server: Socket;
let folder: string;
let hostsFile: string;
let lookup: ReturnType<typeof createNameLookup>;

/** A name server for exactly the questions that are asked here. */
function answer(query: Buffer): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let size = query.readUInt8(at); size > 0; size = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  const name = labels.join('.').toLowerCase();
  if (name === 'silent.example') return undefined;
  const type = query.readUInt16BE(at + 1);
  const records = zone[name]?.[type] ?? [];
  const head = Buffer.alloc(12);
  head.writeUInt16BE(query.readUInt16BE(0), 0);
  head.writeUInt16BE(0x8180 + (zone[name] ? 0 : NAME_ERROR), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  const answers = records.map((data) => {
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(12, at + 5), ...answers]);
}

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, from) => {
    const reply = answer(query);
    if (reply) server.send(reply, from.port, from.address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'socmate-hosts-'));
  hostsFile = join(folder, 'hosts');
  await writeFile(hostsFile, '# 10.0.0.9 soar.lan\n10.0.0.5\tsoar.lan SOAR # ours\nfd00::5 soar.lan\n\n');
  lookup = createNameLookup({ servers: [`127.0.0.1:${server.address().port}`], hostsFile, timeoutMs: 100 });
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
  const { port } = server.address();
  const without = createNameLookup({ servers: [`127.0.0.1:${port}`], hostsFile: join(folder, 'none') });
  expect(await without('v6.example')).toEqual([{ address: '2001:db8::2', family: 6 }]);
});

test('localhost and names below it are loopback, whatever a name server would say', async () => {
  for (const name of ['localhost', 'LOCALHOST', 'a.localhost']) {
    expect((await lookup(name)).map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
  }
});
