import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Entity } from '@socmate/contracts';
import { judgeAddress } from '@socmate/egress';
import { z } from 'zod';
import { PROVIDERS } from '../providers/providers.ts';
import type { Intelligence } from './create-intelligence.ts';
import { anEntity, configuredAt, createTestIntelligence } from './intelligence-fixture.ts';
import { type ProviderServer, startProviderServer } from './provider-server.ts';
import { sentText } from './sent-text.ts';

let server: ProviderServer;
let intelligence: Intelligence;

beforeAll(async () => {
  server = await startProviderServer();
  server.answer({ status: 404 });
  const lenient = PROVIDERS.map((provider) => ({ ...provider, notFound: z.undefined() }));
  intelligence = createTestIntelligence(lenient.map((provider) => configuredAt(provider, server.url)));
});
afterAll(async () => {
  intelligence.close();
  await server.close();
});

const SECRETS = [
  'jdoe',
  'jane.doe',
  'contoso.com',
  's3cr3t',
  'srv-db-01',
  'corp.local',
  '10.20.30.40',
  '192.168.7.7',
  '192.0.2.77',
  '198.51.100.77',
  '203.0.113.77',
  '100.64.7.7',
  '2001:db8:',
  'fd00:',
];

const PRIVATE: readonly (readonly [Entity['type'], string])[] = [
  ...SECRETS.slice(6).flatMap((text): [Entity['type'], string][] => {
    const address = text.endsWith(':') ? `${text}:77` : text;
    const host = address.includes(':') ? `[${address}]` : address;
    return [
      ['ip', address],
      ['url', `http://${host}/a`],
      ['url', `http://jdoe:s3cr3t@${host}:8080/a?b=c`],
    ];
  }),
  ['url', 'https://jdoe:s3cr3t@evil-place.com/a'],
  ['url', 'https://evil-place.com/b?user=jdoe@contoso.com&password=s3cr3t#jane.doe'],
  ['url', 'https://evil-place.com/c/jane.doe@contoso.com'],
  ['url', 'https://evil-place.com/d/jane.doe%2540contoso.com'],
  ['url', `https://evil-place.com/e/${Buffer.from('jane.doe@contoso.com').toString('base64url')}`],
  ['url', 'https://evil-place.com/redirect/http://jdoe:s3cr3t@other-place.com'],
  ['url', 'https://srv-db-01/a'],
  ['url', 'https://app.corp.local/a'],
  ['domain', 'corp.local'],
  ['domain', 'srv-db-01'],
  ['user', 'jane.doe@contoso.com'],
  ['user', 'CONTOSO\\jdoe'],
  ['email', 'jane.doe@contoso.com'],
  ['mailbox', 'jane.doe@contoso.com'],
  ['host', 'srv-db-01.corp.local'],
  ['process', 'cmd.exe /c net user jdoe s3cr3t'],
  ['file', 'C:\\Users\\jdoe\\secret.docx'],
];

test('nothing private leaves, whichever provider is asked', async () => {
  const signal = AbortSignal.timeout(25_000);
  for (const [type, value] of PRIVATE) await intelligence.lookUp(anEntity(type, value), { signal });
  const known = await intelligence.lookUp(anEntity('domain', 'evil-place.com'), { signal });
  expect(known.every(({ status }) => status === 'unknown')).toBe(true);
  const text = sentText(server.asked);
  expect(text).toContain('https://evil-place.com/a');
  expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
});

test('marked confidential, nothing leaves at all, and every provider says why', async () => {
  server.asked.splice(0);
  const options = { signal: AbortSignal.timeout(10_000), labels: ['TLP:RED'] };
  const observations = await intelligence.lookUp(anEntity('ip', '45.155.205.20'), options);
  expect(observations.length).toBeGreaterThan(5);
  for (const observation of observations)
    expect(observation).toMatchObject({
      status: 'skipped',
      verdict: 'unknown',
      summary: 'was not asked: the incident is marked TLP:RED',
    });
  expect(server.asked).toEqual([]);
});

/** A sequence that is the same for a seed on every machine (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const FIRST_BYTES = [0, 8, 10, 45, 100, 127, 169, 172, 192, 198, 203, 224, 255];
const HEX = '0123456789abcdef';
const V6_STARTS = [
  '2001:db8',
  '2001:0',
  '2002:a00',
  'fe80',
  'fd00',
  'ff02',
  '2606:4700',
  '64:ff9b',
  '::ffff:a00',
  '',
];

function anAddress(random: (below: number) => number): string {
  if (random(2) === 0)
    return [FIRST_BYTES[random(FIRST_BYTES.length)], random(256), random(256), random(256)].join('.');
  const group = () => Array.from({ length: 4 }, () => HEX[random(16)]).join('');
  return `${V6_STARTS[random(V6_STARTS.length)]}::${group()}:${group()}`.replace(/:::+/, '::');
}

const NOISE = [
  '/',
  '?',
  '#',
  '@',
  '%',
  '%40',
  ':',
  ';',
  '\\',
  '.',
  '..',
  'a',
  'jdoe',
  '+',
  '=',
  '"',
  'é',
  '\u0000',
  '＠',
];

function aUrl(random: (below: number) => number): string {
  const noise = Array.from({ length: random(12) }, () => NOISE[random(NOISE.length)]).join('');
  const user = random(2) === 0 ? `jdoe${random(100)}:s3cr3t@` : '';
  const address = anAddress(random);
  const host = random(2) === 0 ? 'evil-place.com' : address.includes(':') ? `[${address}]` : address;
  return `${random(2) === 0 ? 'http' : 'https'}://${user}${host}/${noise}?q=s3cr3t#s3cr3t`;
}

test('whatever the address or URL, what leaves is public and without credentials', async () => {
  const random = createRandom(7);
  server.asked.splice(0);
  const [misp] = PROVIDERS.slice(-1);
  if (misp === undefined) throw new Error('no provider sends plain values');
  const recorder = createTestIntelligence([configuredAt({ ...misp, notFound: z.undefined() }, server.url)]);
  const given = Array.from({ length: 3_000 }, (_, at) =>
    at % 2 === 0 ? anEntity('ip', anAddress(random)) : anEntity('url', aUrl(random)),
  );
  const signal = AbortSignal.timeout(25_000);
  for (let at = 0; at < given.length; at += 50)
    await Promise.all(given.slice(at, at + 50).map((entity) => recorder.lookUp(entity, { signal })));
  recorder.close();
  const values = server.asked.map(({ body }) => (JSON.parse(body) as { value: string }).value);
  expect(values.length).toBeGreaterThan(200);
  expect(values.filter((value) => /[@?#]|%40|s3cr3t/i.test(value))).toEqual([]);
  const hosts = values.map((value) => (value.includes('://') ? new URL(value).hostname : value));
  const addresses = hosts
    .map((host) => host.replace(/^\[|\]$/g, ''))
    .filter((host) => host !== 'evil-place.com');
  expect(addresses.filter((address) => judgeAddress(address, { allowedCidrs: [] }) !== 'allowed')).toEqual(
    [],
  );
});
