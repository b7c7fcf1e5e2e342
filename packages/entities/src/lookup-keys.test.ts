import { expect, test } from '@jest/globals';
import { lookupKeys } from './lookup-keys.ts';
import { readTableEntities } from './read-table-entities.ts';

const STORED = [
  { Type: 'ip', Address: '45.155.205.20' },
  { Type: 'ip', Address: '2a0e:b107::9' },
  { Type: 'ip', Address: '10.0.0.5' },
  { Type: 'url', Url: 'https://evil-site.net/A?b=C' },
  {
    Type: 'account',
    Name: 'jdoe',
    UPNSuffix: 'contoso.com',
    NTDomain: 'CONTOSO',
    Sid: 'S-1-5-21-1-2-3-1104',
    AadUserId: '6d3a33a6-0b0d-4c8b-9a8e-7c7f3d1b0001',
  },
  {
    Type: 'host',
    HostName: 'WS-042',
    DnsDomain: 'contoso.com',
    MdatpDeviceId: 'cbb9ff365bbf0cf4527f450a0e66e4e5ab801d03',
    AzureID: '/subscriptions/1/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/ws-042',
  },
  { Type: 'filehash', Algorithm: 'MD5', Value: 'd41d8cd98f00b204e9800998ecf8427e' },
  { Type: 'file', Directory: 'C:\\Windows\\Temp', Name: 'Evil.exe' },
  { Type: 'registry-key', Hive: 'HKEY_LOCAL_MACHINE', Key: 'SOFTWARE\\Evil' },
  { Type: 'mailbox', MailboxPrimaryAddress: 'sales@contoso.com' },
  { Type: 'malware', Name: 'Win32/Evil' },
  { Type: 'cloud-application', AppId: 11_161, Name: 'Office 365' },
];
const { entities } = readTableEntities(STORED, 'prod');

/** As the store does it: the first key that some entity is known by. */
function lookUp(text: string, workspace = 'prod'): string | undefined {
  for (const key of lookupKeys(text, workspace)) {
    const found = entities.find(({ aliases }) => aliases.includes(key));
    if (found !== undefined) return found.key;
  }
  return undefined;
}

test.each([
  [
    'ip:45.155.205.20',
    [
      '45.155.205.20',
      '45[.]155[.]205[.]20',
      ' 45.155.205.20 ',
      '"45.155.205.20"',
      '::ffff:45.155.205.20',
      'ip:45.155.205.20',
    ],
  ],
  [
    'ip:2a0e:b107::9',
    ['2a0e:b107::9', '2A0E:B107::9', '2a0e:b107:0:0:0:0:0:9', '[2a0e:b107::9]', '2a0e:b107:0000::0009'],
  ],
  [
    'ip:10.0.0.5@prod',
    ['10.0.0.5', '10[.]0[.]0[.]5', 'ip:10.0.0.5@prod', 'ip:10.0.0.5', 'IP:10[.]0[.]0[.]5'],
  ],
  [
    'domain:evil-site.net',
    [
      'evil-site.net',
      'EVIL-SITE.NET',
      'evil-site[.]net',
      'evil-site(dot)net',
      'evil-site.net.',
      'domain:evil-site[.]net',
    ],
  ],
  ['url:https://evil-site.net/A?b=C', ['https://evil-site.net/A?b=C', 'hxxps[:]//EVIL-site[.]net/A?b=C']],
  [
    'user:jdoe@contoso.com',
    [
      'jdoe@contoso.com',
      'JDoe@CONTOSO.COM',
      'jdoe[@]contoso[.]com',
      'CONTOSO\\jdoe',
      'contoso\\JDOE',
      'jdoe',
      'S-1-5-21-1-2-3-1104',
    ],
  ],
  [
    'user:jdoe@contoso.com',
    [
      '6D3A33A6-0B0D-4C8B-9A8E-7C7F3D1B0001',
      '{6d3a33a6-0b0d-4c8b-9a8e-7c7f3d1b0001}',
      'user:JDOE@contoso.com',
    ],
  ],
  [
    'host:ws-042.contoso.com',
    ['WS-042', 'ws-042.contoso.com', 'ws-042[.]contoso[.]com', 'CBB9FF365BBF0CF4527F450A0E66E4E5AB801D03'],
  ],
  [
    'host:ws-042.contoso.com',
    ['/subscriptions/1/resourcegroups/A/providers/microsoft.compute/virtualmachines/WS-042'],
  ],
  [
    'hash:d41d8cd98f00b204e9800998ecf8427e',
    ['d41d8cd98f00b204e9800998ecf8427e', 'D41D8CD98F00B204E9800998ECF8427E'],
  ],
  [
    'file:c:\\windows\\temp\\evil.exe@prod',
    ['C:\\Windows\\Temp\\Evil.exe', 'c:/windows/temp/evil.exe', '"C:\\Windows\\Temp\\evil.exe"'],
  ],
  [
    'registry_key:hkey_local_machine\\software\\evil',
    ['HKLM\\Software\\Evil', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Evil', 'hklm:\\software\\evil'],
  ],
  ['mailbox:sales@contoso.com', ['Sales@contoso.com']],
  ['malware:win32/evil', ['Win32/Evil']],
  ['cloud_application:id:11161', ['Office 365']],
])('%s is found by each of its names', (key, names) => {
  expect(names.map((text) => lookUp(text))).toEqual(names.map(() => key));
});

test('an address is looked for as a user’s, then as a mailbox’s, then as itself', () => {
  expect(lookupKeys('JDoe@contoso.com', 'prod').slice(0, 3)).toEqual([
    'user:jdoe@contoso.com',
    'mailbox:jdoe@contoso.com',
    'email:jdoe@contoso.com',
  ]);
});

test('what is weak is not found from another workspace', () => {
  expect(lookUp('10.0.0.5', 'test')).toBeUndefined();
  expect(lookUp('WS-042', 'test')).toBeUndefined();
  expect(lookUp('jdoe', 'test')).toBeUndefined();
});

test.each(['', ' ', '"', '\u0000', '\ud800', '@', '\\', '://', 'x'.repeat(100_000)])(
  'nothing is found for %#, and nothing thrown',
  (text) => {
    expect(lookUp(text)).toBeUndefined();
  },
);
