import { expect, test } from '@jest/globals';
import { lookupKeys } from './lookup-keys.ts';
import { mergeEntities } from './merge.ts';
import { mergeReadings } from './merge-readings.ts';
import { readRestEntities } from './read-rest-entities.ts';
import { readTableEntities } from './read-table-entities.ts';
import { extractFromText } from './text/extract-from-text.ts';
import { defang, refang } from './text/refang.ts';

/** A sequence that is the same for a seed on every machine (mulberry32). */
function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const shuffled = <T>(values: readonly T[]) =>
    values
      .map((value) => ({ value, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  return { below, oneOf, shuffled };
}

type Random = ReturnType<typeof createRandom>;

const word = ({ below }: Random) =>
  Array.from({ length: 1 + below(9) }, () => 'abcdefgh0123456789'.charAt(below(18))).join('');
const name = (random: Random) =>
  `x${word(random)}.${random.oneOf(['com', 'net', 'co.uk', 'info', 'xn--p1ai'])}`;
const address = ({ below }: Random) => [1 + below(223), below(256), below(256), below(256)].join('.');
const INDICATORS: readonly ((random: Random) => string)[] = [
  name,
  address,
  (random) => `${word(random)}@${name(random)}`,
  (random) =>
    `${random.oneOf(['http', 'https', 'ftp'])}://${random.oneOf([name, address])(random)}/${word(random)}?q=${word(random)}`,
  (random) => `https://${name(random)}:${1 + random.below(65_535)}`,
];

const repeat = <T>(seed: number, count: number, make: (random: Random) => T): T[] => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => make(random));
};

test('what is defanged and refanged is what it was', () => {
  for (const indicator of repeat(1, 2_000, (random) => random.oneOf(INDICATORS)(random))) {
    expect(refang(defang(indicator)).text).toBe(indicator);
    expect(defang(indicator)).not.toMatch(/https?:\/\/|\w\.\w/);
  }
});

test('a defanged indicator is the entity that it is without', () => {
  const keysOf = (text: string) => extractFromText(text, 'prod').entities.map(({ key }) => key);
  for (const indicator of repeat(2, 500, (random) => random.oneOf(INDICATORS)(random))) {
    expect(keysOf(`seen ${defang(indicator)} today`)).toEqual(keysOf(`seen ${indicator} today`));
  }
});

const NOISE = [
  'http://',
  'hxxp',
  '[.]',
  '(dot)',
  '@',
  '\\',
  'HKLM\\',
  'C:\\',
  '/etc/',
  '%',
  ':',
  '::',
  '.',
  ' ',
  '\n',
  '"',
  "'",
  '[',
  ']',
  '(',
  ')',
  'a',
  '1',
  'com',
  '255',
  'CVE-',
  'T1059',
  '\ud800',
  '\udc00',
  '\u0000',
  'é',
  '😀',
  '_',
  '-',
  '$',
  'CORP',
  '~',
  '\\.',
  'host=',
];

test('nothing that is read as text makes extraction throw', () => {
  const noise = repeat(3, 1_500, (random) =>
    Array.from({ length: random.below(60) }, () => random.oneOf(NOISE)).join(''),
  );
  for (const text of noise) {
    expect(
      extractFromText(text, 'prod').mentions.every(
        ({ start, end }) => start >= 0 && start < end && end <= text.length,
      ),
    ).toBe(true);
    expect(Array.isArray(lookupKeys(text, 'prod'))).toBe(true);
  }
});

const KINDS = [
  'ip',
  'Account',
  'host',
  'process',
  'file',
  'file-hash',
  'filehash',
  'RegistryKey',
  'mailMessage',
  'url',
  'odd',
  'Dns',
  '',
];
const NAMES = [
  '$id',
  '$ref',
  'Type',
  'kind',
  'properties',
  'additionalData',
  'Address',
  'Name',
  'Sid',
  'HostName',
  'Url',
  'Host',
  'ImageFile',
];
const MORE_NAMES = [
  'ParentProcess',
  'FileHashes',
  'hostEntityId',
  'fileHashEntityIds',
  'Value',
  'UPNSuffix',
  'Key',
  'Hive',
  'urls',
  '__proto__',
];

function randomJson(random: Random, depth: number): unknown {
  const { below, oneOf } = random;
  const leaf = () =>
    oneOf([
      null,
      true,
      0,
      -1,
      1e300,
      '',
      '1',
      '2',
      '{"a":',
      '[]',
      '::',
      'S-1-5-18',
      word(random),
      oneOf(KINDS),
      '\ud800',
    ]);
  if (depth === 0) return leaf();
  const inside = () => (below(3) === 0 ? leaf() : randomJson(random, depth - 1));
  if (below(2) === 0) return Array.from({ length: below(5) }, inside);
  return Object.fromEntries(
    Array.from({ length: below(7) }, () => [oneOf([...NAMES, ...MORE_NAMES]), inside()]),
  );
}

test('no JSON whatever makes a reader throw', () => {
  for (const value of repeat(4, 3_000, (random) => randomJson(random, random.below(6)))) {
    const text = JSON.stringify(value);
    for (const reading of [
      readRestEntities(value, 'prod'),
      readTableEntities(value, 'prod'),
      readTableEntities(text, 'prod'),
    ]) {
      expect(reading.entities.every(({ key, aliases }) => aliases[0] === key)).toBe(true);
    }
  }
});

test('nesting of any depth and references in a circle are read', () => {
  const deep = `${'{"Type":"process","ParentProcess":'.repeat(3_000)}null${'}'.repeat(3_000)}`;
  expect(readTableEntities(`[${deep}]`, 'prod').entities).toEqual([]);
  const list = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const told = readTableEntities(
    `[{"Type":"ip","Address":"1.1.1.1","Odd":${list}},{"Type":"ip","Address":"1.1.1.1"}]`,
    'prod',
  );
  expect(told.entities.map(({ key }) => key)).toEqual(['ip:1.1.1.1']);
  const circle = '[{"$id":"1","Type":"process","CommandLine":"a","ParentProcess":{"$ref":"1"}}]';
  expect(readTableEntities(circle, 'prod').entities).toHaveLength(1);
});

test('what is read can be stored: it holds no NUL and no half characters', () => {
  const column = [
    { Type: 'process', CommandLine: 'x\0y \ud800', ProcessId: '1', 'Od\0d': ['\0'], Blob: '["\\u0000"]' },
    { Type: 'file', Name: 'a\0b' },
    { Type: 'account', Name: 'j\0doe\ud800' },
  ];
  const read = JSON.stringify(readTableEntities(column, 'pr\0od').entities);
  expect(read).not.toMatch(/\\u0000|\\ud800/);
  expect(JSON.stringify(extractFromText('host=WS\0-042 C:\\a\0b \ud800.com', 'prod').entities)).not.toMatch(
    /\\u0000|\\ud800/,
  );
});

const account = (random: Random) => ({
  Type: random.oneOf(['account', 'Account']),
  ...random.oneOf([
    { Name: 'jdoe', UPNSuffix: 'contoso.com' },
    { Name: 'JDoe@contoso.com' },
    { UserPrincipalName: ' jdoe@CONTOSO.com ' },
  ]),
  ...random.oneOf([
    {},
    { Sid: 'S-1-5-21-1-2-3-1104' },
    { AadUserId: '6D3A33A6-0B0D-4C8B-9A8E-7C7F3D1B0001' },
  ]),
});

test('keys are the same whatever the case, the padding and the order', () => {
  for (const given of repeat(5, 300, account)) {
    const turned = Object.fromEntries(
      Object.entries(given)
        .reverse()
        .map(([key, value]) => [key, ` ${value.toUpperCase()} `.replace(' ACCOUNT ', 'account')]),
    );
    const keys = (value: unknown) => readTableEntities([value], 'prod').entities.map(({ key }) => key);
    expect(keys(given)).toEqual(['user:jdoe@contoso.com']);
    expect(keys(turned)).toEqual(['user:jdoe@contoso.com']);
  }
});

test('merging gives the same whatever the order, and in one step what it gives in two', () => {
  const random = createRandom(6);
  const entities = [
    ...repeat(7, 30, account),
    { Type: 'account', Sid: 'S-1-5-21-1-2-3-1104' },
    { Type: 'account', Name: 'jdoe' },
    { Type: 'host', HostName: 'WS-042', DnsDomain: 'contoso.com', AzureID: '/subscriptions/1/vm' },
    { Type: 'host', AzureID: '/SUBSCRIPTIONS/1/vm', OSFamily: 'Windows' },
  ].flatMap((each) => readTableEntities([each], 'prod').entities);
  const whole = mergeEntities(entities);
  expect(whole.map(({ key }) => key)).toEqual([
    'host:ws-042.contoso.com',
    'user:jdoe@contoso.com',
    'user:jdoe@prod',
  ]);
  for (let round = 0; round < 50; round++) {
    const shuffled = random.shuffled(entities);
    const half = random.below(shuffled.length);
    expect(mergeEntities(shuffled)).toEqual(whole);
    const parts = [...mergeEntities(shuffled.slice(0, half)), ...mergeEntities(shuffled.slice(half))];
    expect(mergeEntities(parts).map(({ key, aliases }) => ({ key, aliases }))).toEqual(
      whole.map(({ key, aliases }) => ({ key, aliases })),
    );
  }
  expect(mergeReadings([])).toEqual({ entities: [], relations: [], unread: [] });
});
