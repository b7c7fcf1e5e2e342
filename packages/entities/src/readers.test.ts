import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Reading } from './graph-reader.ts';
import { mergeReadings } from './merge-readings.ts';
import { readRestEntities } from './read-rest-entities.ts';
import { readTableEntities } from './read-table-entities.ts';
import { extractFromText } from './text/extract-from-text.ts';

const samples = join(import.meta.dirname, '../../../infra/azure-simulator/samples');
const tables = join(import.meta.dirname, '../fixtures/sentinel-tables');
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

type Row = Readonly<Record<string, unknown>>;
const rowsOf = (number: number) => read(tables, `incident_${number}.securityalerts.json`) as Row[];

function readTable(number: number): Reading {
  return mergeReadings(rowsOf(number).map(({ Entities: column }) => readTableEntities(column, 'prod')));
}

const countBy = (names: readonly string[]) =>
  Object.fromEntries(
    [...Map.groupBy(names, (name) => name)]
      .map(([name, { length }]) => [name, length] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const FOUND: readonly (readonly [number, Record<string, number>, Record<string, number>])[] = [
  [
    5,
    { domain: 1, file: 45, hash: 105, host: 7, ip: 9, process: 56, url: 1, user: 4 },
    { ASSOCIATED_WITH: 10, CHILD_OF: 45, HAS_HASH: 107, IMAGE_OF: 58, PART_OF: 1 },
  ],
  [
    34,
    { file: 7, hash: 18, host: 1, ip: 3, process: 7, registry_key: 1, registry_value: 1, user: 1 },
    { ASSOCIATED_WITH: 2, CHILD_OF: 5, HAS_HASH: 18, IMAGE_OF: 8, PART_OF: 1 },
  ],
  [
    38,
    { domain: 1, file: 3, hash: 9, host: 1, ip: 4, process: 4, url: 1, user: 1 },
    { ASSOCIATED_WITH: 2, CHILD_OF: 3, HAS_HASH: 9, IMAGE_OF: 4, PART_OF: 1 },
  ],
  [
    55,
    {
      cloud_application: 2,
      domain: 2,
      email: 3,
      file: 17,
      hash: 54,
      host: 3,
      ip: 9,
      mail_message: 3,
      mailbox: 2,
      process: 27,
      registry_key: 1,
      registry_value: 1,
      url: 3,
      user: 6,
    },
    { ASSOCIATED_WITH: 15, CHILD_OF: 20, HAS_HASH: 57, IMAGE_OF: 28, PART_OF: 4 },
  ],
];

test.each([5, 34, 38, 55])(
  'every entity of incident %i in the REST form is also found in the table form',
  (number) => {
    const rest = readRestEntities(read(samples, 'rest', `incident_${number}.entities.json`), 'prod');
    const known = new Set(readTable(number).entities.flatMap(({ aliases }) => aliases));
    expect(rest.entities.length).toBeGreaterThan(15);
    expect(rest.entities.filter(({ aliases }) => !aliases.some((alias) => known.has(alias)))).toEqual([]);
  },
);

test.each(FOUND)(
  'incident %i has the entities and the relations that it is known to have',
  (number, entities, relations) => {
    const table = readTable(number);
    expect(countBy(table.entities.map(({ type }) => type))).toEqual(entities);
    expect(countBy(table.relations.map(({ kind }) => kind))).toEqual(relations);
  },
);

test('the columns of text of every alert are read without fault', () => {
  const texts = [5, 34, 38, 55].flatMap(rowsOf).flatMap((row) => Object.values(row));
  const strings = texts.filter((text) => typeof text === 'string');
  expect(strings.flatMap((text) => extractFromText(text, 'prod').entities).length).toBeGreaterThan(100);
});

test('every verbatim sample is read, and what cannot be is said', () => {
  const names = [
    'spec_entities_assorted',
    'spec_GetAllIncidentEntities',
    'xsoar_account_entity_with_additionalData',
  ];
  const readings = names.map((name) => readRestEntities(read(samples, 'verbatim', `${name}.json`), 'prod'));
  expect(readings.map(({ entities }) => entities.map(({ key }) => key))).toEqual([
    [
      'file:c:\\windows\\system32\\cmd.exe@prod',
      'host:vm1.contoso',
      'ip:10.3.2.8@prod',
      'mail_message:||af92ff6c-e2c1-4dc3-a1e0-e66ddc46371a@prod',
      'process:174664/7b84f0974516a1958717410197b8301a@prod',
    ],
    ['user:domain\\administrator'],
    ['user:test_user_1@test.com'],
  ]);
  expect(readings[0]?.unread).toEqual([
    { reason: 'dangling_reference', kind: 'Process.imagefile', count: 1 },
  ]);
  expect(readings[2]?.entities[0]?.attributes['transitive_directory_roles']).toEqual([
    'Global Administrator',
  ]);
});

test('a graph of references gives each entity once, related as it says', () => {
  const { entities, relations, unread } = readTableEntities(
    readFileSync(join(samples, 'verbatim/msticpy_alert_entities_graph.json'), 'utf8'),
    'prod',
  );
  expect(countBy(entities.map(({ type }) => type))).toEqual({ file: 2, host: 1, process: 2, user: 1 });
  expect(countBy(relations.map(({ kind }) => kind))).toEqual({
    ASSOCIATED_WITH: 2,
    CHILD_OF: 1,
    IMAGE_OF: 2,
    RAN_ON: 2,
  });
  expect(unread).toEqual([]);
});

test('what is nested in others, in kebab or camel case, is found', () => {
  const column = [
    {
      $id: '1',
      Type: 'process',
      ProcessId: '0x10',
      CommandLine: 'x.exe -a',
      Host: { $id: '2', Type: 'host', HostName: 'WS-042', DnsDomain: 'contoso.com' },
      ImageFile: {
        $id: '3',
        Type: 'file',
        Directory: 'C:\\T',
        Name: 'X.EXE',
        FileHashes: [{ $ref: '4' }, { $ref: '9' }],
      },
    },
    {
      $id: '4',
      Type: 'file-hash',
      Algorithm: 'SHA256',
      Value: 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
    },
    {
      $id: '5',
      Type: 'DnsResolution',
      DomainName: 'Evil-Site.NET',
      IpAddresses: [{ $id: '6', Type: 'ip', Address: '45.155.205.20' }],
    },
    { $id: '7', Type: 'martian' },
    { $id: '8', Type: 'ip' },
    'odd',
  ];
  const { entities, relations, unread } = readTableEntities(JSON.stringify(column), 'prod');
  expect(entities.map(({ key }) => key.replace(/16\/\w+/, '16/…'))).toEqual([
    'domain:evil-site.net',
    'file:c:\\t\\x.exe@prod',
    'hash:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'host:ws-042.contoso.com',
    'ip:45.155.205.20',
    'process:16/…@prod',
  ]);
  expect(relations.map(({ kind }) => kind).sort()).toEqual(['HAS_HASH', 'IMAGE_OF', 'RAN_ON', 'RESOLVED_TO']);
  expect(unread).toEqual([
    { reason: 'not_an_entity', kind: 'string', count: 1 },
    { reason: 'dangling_reference', kind: 'file.FileHashes', count: 1 },
    { reason: 'unknown_kind', kind: 'martian', count: 1 },
    { reason: 'no_identity', kind: 'ip', count: 1 },
  ]);
});

test('a URL is read with or without a scheme, and its credentials are no part of its key', () => {
  const keys = (url: string) =>
    readTableEntities([{ Type: 'url', Url: url }], 'prod').entities.map(({ key }) => key);
  expect(keys('evil-site.net')).toEqual(['domain:evil-site.net', 'url:http://evil-site.net/']);
  expect(keys('HTTP://user:pw@Evil-Site.net:80')).toEqual([
    'domain:evil-site.net',
    'url:http://evil-site.net/',
  ]);
  expect(keys('http://10.0.0.5/A')).toEqual(['ip:10.0.0.5@prod', 'url:http://10.0.0.5/A@prod']);
});

test('readings of the same entity in other forms become one, and relations follow it', () => {
  const rest = readRestEntities(
    [
      {
        id: '1',
        kind: 'Host',
        properties: { hostName: 'ws-042', omsAgentID: '6d3a33a6-0b0d-4c8b-9a8e-7c7f3d1b0001' },
      },
    ],
    'prod',
  );
  const host = {
    $id: '1',
    Type: 'host',
    HostName: 'WS-042',
    DnsDomain: 'contoso.com',
    OMSAgentID: '6D3A33A6-0B0D-4C8B-9A8E-7C7F3D1B0001',
  };
  const table = readTableEntities(
    [{ Type: 'process', CommandLine: 'x', Host: host }, { Type: 'odd' }],
    'prod',
  );
  const session = {
    Type: 'host-logon-session',
    Host: { $ref: '1' },
    Account: { Type: 'account', Name: 'jdoe' },
  };
  const other = readTableEntities(
    [{ $id: '1', Type: 'host', OMSAgentID: host.OMSAgentID }, session, { Type: 'odd' }],
    'prod',
  );
  const { entities, relations, unread } = mergeReadings([rest, table, other]);
  expect(entities.filter(({ type }) => type === 'host').map(({ key }) => key)).toEqual([
    'host:ws-042.contoso.com',
  ]);
  expect(relations.map(({ to, kind }) => `${kind} ${to}`).sort()).toEqual([
    'ASSOCIATED_WITH host:ws-042.contoso.com',
    'RAN_ON host:ws-042.contoso.com',
  ]);
  expect(unread).toEqual([{ reason: 'unknown_kind', kind: 'odd', count: 2 }]);
});

const arm = (name: string) => `/subscriptions/1/providers/Microsoft.SecurityInsights/Entities/${name}`;

test('entities of the REST form refer to each other by ARM id, in any case, and to what is missing', () => {
  const entity = (name: string, kind: string, properties: object) => ({
    id: arm(name),
    name,
    kind,
    properties,
  });
  const { entities, relations, unread } = readRestEntities(
    {
      entities: [
        entity('p', 'Process', {
          processId: '7',
          commandLine: 'x.exe',
          hostEntityId: arm('H'),
          imageFileEntityId: 'f',
          parentProcessEntityId: arm('gone'),
        }),
        entity('h', 'Host', { hostName: 'ws-042', dnsDomain: 'contoso.com' }),
        entity('f', 'File', { fileName: 'x.exe', directory: 'C:\\T', fileHashEntityIds: [arm('s')] }),
        entity('s', 'FileHash', { algorithm: 'MD5', hashValue: 'd41d8cd98f00b204e9800998ecf8427e' }),
        entity('d', 'DnsResolution', { domainName: 'evil-site.net', ipAddressEntityIds: [arm('i')] }),
        entity('i', 'Ip', { address: '45.155.205.20' }),
        entity('b', 'Bookmark', {}),
        null,
      ],
    },
    'prod',
  );
  expect(entities).toHaveLength(6);
  expect(
    relations.map(({ from, kind, to }) => `${from.split(':')[0]} ${kind} ${to.split(':')[0]}`).sort(),
  ).toEqual(['domain RESOLVED_TO ip', 'file HAS_HASH hash', 'file IMAGE_OF process', 'process RAN_ON host']);
  expect(unread).toEqual([
    { reason: 'not_an_entity', kind: 'object', count: 1 },
    { reason: 'dangling_reference', kind: 'Process.parentprocess', count: 1 },
    { reason: 'unknown_kind', kind: 'Bookmark', count: 1 },
  ]);
});

test('what a message, a mailbox and a host state of others is related to them', () => {
  const { entities, relations } = readTableEntities(
    [
      {
        Type: 'mailMessage',
        Recipient: 'jdoe@contoso.com',
        Sender: 'eve@evil-site.net',
        SenderIP: '45.155.205.20',
        NetworkMessageId: '6d3a33a6-0b0d-4c8b-9a8e-7c7f3d1b0001',
        Urls: ['https://evil-site.net/a'],
      },
      { Type: 'mailbox', MailboxPrimaryAddress: 'jdoe@contoso.com', Upn: 'jdoe@contoso.com' },
      { Type: 'host', HostName: 'ws-042', LastIpAddress: '10.0.0.5' },
    ],
    'prod',
  );
  const message = 'mail_message:id:6d3a33a6-0b0d-4c8b-9a8e-7c7f3d1b0001|jdoe%40contoso.com';
  expect(relations.map(({ from, to }) => `${from} ${to}`).sort()).toEqual([
    'host:ws-042@prod ip:10.0.0.5@prod',
    `${message} email:eve@evil-site.net`,
    `${message} email:jdoe@contoso.com`,
    `${message} ip:45.155.205.20`,
    `${message} url:https://evil-site.net/a`,
    'mailbox:jdoe@contoso.com user:jdoe@contoso.com',
    'url:https://evil-site.net/a domain:evil-site.net',
  ]);
  expect(entities.find(({ type }) => type === 'email')?.confidence).toBeLessThan(1);
});

test.each(['', 'no json', '{', 'null', '17'])(
  'a column that holds %j gives nothing and does not throw',
  (column) => {
    expect(readTableEntities(column, 'prod').entities).toEqual([]);
  },
);
