import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGeoDatabase } from './geo-database.ts';
import { createGeoLocation } from './geo-location.ts';
import { anEntity } from './test-incident.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geo-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Value = string | number | { readonly [name: string]: Value };

/** As the MaxMind DB format, version 2, writes it. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return typed(2, Buffer.from(value));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return typed(6, bytes);
  }
  const entries = Object.entries(value);
  const head = Buffer.from([(7 << 5) | entries.length]);
  return Buffer.concat([head, ...entries.flatMap(([name, each]) => [encode(name), encode(each)])]);
}

function typed(type: number, bytes: Buffer): Buffer {
  const head = bytes.length < 29 ? [(type << 5) | bytes.length] : [(type << 5) | 29, bytes.length - 29];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** A database of IPv4 that knows one network, given by its bits, and nothing else. */
function databaseOf(bits: string, record: Value): Buffer {
  const nodes = Array.from(bits, (bit, at) => {
    const next = at + 1 === bits.length ? bits.length + 16 : at + 1;
    const [left, right] = bit === '0' ? [next, bits.length] : [bits.length, next];
    const node = Buffer.alloc(6);
    node.writeUIntBE(left, 0, 3);
    node.writeUIntBE(right, 3, 3);
    return node;
  });
  const metadata = {
    node_count: bits.length,
    record_size: 24,
    ip_version: 4,
    database_type: 'Test',
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  };
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([...nodes, Buffer.alloc(16), encode(record), marker, encode(metadata)]);
}

async function store(name: string, content: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const bitsOf = (address: string, length: number): string =>
  address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);

const cities = () =>
  store(
    'city.mmdb',
    databaseOf(bitsOf('45.155.205.0', 24), {
      country: { iso_code: 'NL', names: { en: 'Netherlands' } },
      city: { names: { de: 'Amsterdam (NL)', en: 'Amsterdam' } },
    }),
  );
const networks = () =>
  store(
    'asn.mmdb',
    databaseOf(bitsOf('45.155.0.0', 16), {
      autonomous_system_number: 204_428,
      autonomous_system_organization: 'SS-Net',
    }),
  );

test('an address is found in every database that knows its network', async () => {
  const database = await openGeoDatabase([await cities(), await networks()]);
  expect(database.find('45.155.205.20')).toEqual({
    country: 'NL',
    city: 'Amsterdam',
    asn: 204_428,
    organisation: 'SS-Net',
  });
  expect(database.find('45.155.9.9')).toEqual({ asn: 204_428, organisation: 'SS-Net' });
});

test('what no database knows has no place, an IPv6 address in one of IPv4 included', async () => {
  const database = await openGeoDatabase([await cities()]);
  expect(database.find('8.8.8.8')).toBeUndefined();
  expect(database.find('2001:4860:4860::8888')).toBeUndefined();
});

test('a place is shown beside an address, and is no opinion', async () => {
  const provider = createGeoLocation(await openGeoDatabase([await cities(), await networks()]));
  const found = provider.find(anEntity('ip', '45.155.205.20'));
  expect(found).toMatchObject({
    summary: 'Amsterdam, NL, AS204428 SS-Net',
    context: { geo: { country: 'NL' } },
  });
  expect(found?.verdict).toBeUndefined();
  expect(provider.find(anEntity('domain', '45.155.205.20'))).toBeUndefined();
});

test('a file that is no database, or is not there, is refused by name', async () => {
  const path = await store('broken.mmdb', Buffer.from('this is no database'));
  await expect(openGeoDatabase([path])).rejects.toThrow(path);
  await expect(openGeoDatabase([join(folder, 'missing.mmdb')])).rejects.toThrow('missing.mmdb');
});
