import { expect, test } from '@jest/globals';
import type { Entity } from '@socmate/contracts';
import { admit, type Confidences } from './admit.ts';
import { anEntity } from './intelligence-fixture.ts';
import { createFindList, type ListedValue } from './listed-values.ts';

interface Given extends Confidences {
  readonly listed?: readonly ListedValue[];
}

function judged(type: Entity['type'], value: string, { listed = [], ...confidences }: Given = {}): string {
  const admission = admit(anEntity(type, value), createFindList(listed), confidences);
  return 'reason' in admission ? `stays: ${admission.reason}` : admission.subject.value;
}

test.each([
  ['ip', '45.155.205.20', '45.155.205.20'],
  ['ip', '2606:4700:4700:0:0:0:0:1111', '2606:4700:4700::1111'],
  ['domain', 'cdn-telemetry-sync.com', 'cdn-telemetry-sync.com'],
  ['domain', 'contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
  ['hash', 'D41D8CD98F00B204E9800998ECF8427E', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['url', 'https://evil-place.com', 'https://evil-place.com/'],
  ['url', 'https://evil-place.com:8443/a/b.php?user=jdoe&t=1#frag', 'https://evil-place.com:8443/a/b.php'],
  ['url', 'https://joe:secret@evil-place.com/a', 'https://evil-place.com/a'],
  ['url', 'http://45.155.205.20/x;jsessionid=8A1', 'http://45.155.205.20/x'],
  ['url', 'https://evil-place.com?mail=jdoe@contoso.com', 'https://evil-place.com/'],
] as const)('of the %s %s there leaves %s', (type, value, sent) => {
  expect(judged(type, value)).toBe(sent);
});

const LOCAL_ADDRESSES = [
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '127.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '100.64.0.1',
  '100.127.255.254',
  '192.0.2.10',
  '198.51.100.7',
  '203.0.113.50',
  '198.18.0.1',
  '224.0.0.1',
  '239.1.1.1',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.0.8',
  '168.63.129.16',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '2001:db8::1',
  '3fff::1',
  '::ffff:10.1.2.3',
  '64:ff9b::a01:203',
  '2002:a01:203::1',
  '2001::1',
  '2001:10::1',
  '100::1',
];

test.each(LOCAL_ADDRESSES)('the address %s stays, alone and as the host of a URL', (address) => {
  expect(judged('ip', address)).toMatch(/^stays/);
  const host = address.includes(':') ? `[${address}]` : address;
  expect(judged('url', `http://${host}/x`)).toMatch(/^stays/);
});

test.each([
  'srv01',
  'srv01.local',
  'dc01.corp',
  'x.internal',
  'x.lan',
  'x.home.arpa',
  '3.2.1.10.in-addr.arpa',
  'a.test',
  'a.invalid',
  'a.localhost',
  'a.example',
  'example.com',
  'www.example.org',
  'co.uk',
  'com',
  '10.1.2.3.nip.io',
  'ip-10-1-2-3.eu-west-1.compute.amazonaws.com',
])('the name %s stays, alone and as the host of a URL', (name) => {
  expect(judged('domain', name)).toMatch(/^stays/);
  expect(judged('url', `https://${name}/x`)).toMatch(/^stays/);
});

test.each([
  'https://evil-place.com/login/jdoe@contoso.com',
  'https://evil-place.com/login/jdoe%40contoso.com',
  'https://evil-place.com/login/jdoe%2540contoso.com',
  'https://evil-place.com/login/amRvZUBjb250b3NvLmNvbQ==',
  'https://evil-place.com/login/amRvZUBjb250b3NvLmNvbQ',
  'https://evil-place.com/%25252525252540',
  'https://evil-place.com/to/https://joe:secret@other-place.com/',
  'https://evil-place.com/proxy/10.1.2.3/x',
  'https://contoso-my.sharepoint.com/personal/jdoe_contoso_com/Documents/x.xlsx',
  'ldap://evil-place.com/a',
  'file://evil-place.com/share/x',
  `https://evil-place.com/${'a'.repeat(400)}`,
])('the URL %s stays', (url) => {
  expect(judged('url', url)).toMatch(/^stays/);
});

const people = ['DOMAIN\\jane.doe', 'm.rossi@contoso.com', 'admin', 'CONTOSO\\svc-backup01'];

test.each([
  ['https://evil-place.com/u/jane.doe/inbox', 'stays: it names a person'],
  ['https://jane-doe.evil-place.com/', 'stays: it names a person'],
  ['https://evil-place.com/u/JANE_DOE', 'stays: it names a person'],
  ['https://evil-place.com/u/m%2Erossi', 'stays: it names a person'],
  ['https://evil-place.com/m_rossi_contoso_com/x', 'stays: it names a person'],
  ['https://evil-place.com/svc/backup01', 'stays: it names a person'],
  ['https://evil-place.com/wp-admin/x', 'https://evil-place.com/wp-admin/x'],
  ['https://evil-place.com/doe/jane', 'https://evil-place.com/doe/jane'],
])('of %s, with people known, there is %s', (url, expected) => {
  expect(judged('url', url, { people })).toBe(expected);
});

test.each(['user', 'email', 'host', 'mailbox', 'file', 'process'] as const)('no %s is ever sent', (type) => {
  expect(judged(type, '45.155.205.20')).toBe(`stays: nothing of the type ${type} is sent`);
});

test.each(['abc', 'a'.repeat(56), '6a646f6540636f6e746f736f2e636f6d0000'])('the hash %s stays', (hash) => {
  expect(judged('hash', hash)).toMatch(/^stays/);
});

test.each([
  ['TLP:RED', true],
  ['tlp: red', true],
  ['TLP:AMBER+STRICT', true],
  ['tlp:amber-strict', true],
  ['TLP:AMBER', false],
  ['TLP:GREEN', false],
  ['redteam', false],
])('with the label %s, that nothing leaves is %s', (label, isKept) => {
  expect(judged('ip', '45.155.205.20', { labels: ['other', label] }).startsWith('stays')).toBe(isKept);
});

const listed: ListedValue[] = [
  { list: 'internal', value: 'contoso.com' },
  { list: 'internal', value: '45.155.0.0/16' },
  { list: 'allow', value: '*.Fabrikam.COM.' },
  { list: 'allow', value: '2606:4700::/32' },
  { list: 'allow', value: 'https://good-place.com/a' },
  { list: 'allow', value: 'https://good-place.com/c?token=1#top' },
  { list: 'allow', value: '::/16' },
  { list: 'allow', value: 'd41d8cd98f00b204e9800998ecf8427e' },
  { list: 'allow', value: '8.8.8.8' },
  { list: 'internal', value: '1.2.3.4/99' },
];

test.each([
  ['domain', 'contoso.com', 'internal'],
  ['domain', 'a.b.contoso.com', 'internal'],
  ['domain', 'notcontoso.com', undefined],
  ['domain', 'www.fabrikam.com', 'allow'],
  ['ip', '45.155.205.20', 'internal'],
  ['ip', '45.156.0.1', undefined],
  ['ip', '2606:4700:4700::1111', 'allow'],
  ['ip', '8.8.8.8', 'allow'],
  ['url', 'https://portal.contoso.com/x', 'internal'],
  ['url', 'http://45.155.1.1/x', 'internal'],
  ['url', 'https://good-place.com/a', 'allow'],
  ['url', 'https://good-place.com/c?token=1#top', 'allow'],
  ['url', 'https://good-place.com/a?any=1', 'allow'],
  ['url', 'https://good-place.com/b', undefined],
  ['url', 'https://good-place.com/c', undefined],
  ['hash', 'D41D8CD98F00B204E9800998ECF8427E', 'allow'],
] as const)('the %s %s is on the list %s', (type, value, list) => {
  const verdict = judged(type, value, { listed });
  expect(verdict).toBe(list === undefined ? value : `stays: it is on the list ${list}`);
});
