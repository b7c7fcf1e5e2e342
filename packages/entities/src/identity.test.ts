import { expect, test } from '@jest/globals';
import { accountKeys, isWellKnownSid } from './account-identity.ts';
import { readAddress } from './addresses.ts';
import { normaliseDomain, registrableDomain } from './domains.ts';
import { hostKeys } from './host-identity.ts';
import { isWeakKey, strongKey, weakKey } from './keys.ts';
import { normaliseRegistryPath } from './machine-kinds.ts';
import { readUrl } from './urls.ts';
import { describeHash, describeIp, normaliseEmail } from './values.ts';

test.each([
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['::FFFF:45.155.205.20', '45.155.205.20'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['fe80::1%12', 'fe80::1'],
  [' 45.155.205.20 ', '45.155.205.20'],
])('the address %s is written %s', (given, written) => {
  expect(readAddress(given)?.text).toBe(written);
});

test.each([
  '1',
  '2130706433',
  '0x7f.1',
  '127.1',
  '010.0.0.1',
  '1.2.3.4.5',
  '256.1.1.1',
  '',
  ':',
  '1.2.3.4:80',
  '::1::',
])('%j is no address', (given) => {
  expect(readAddress(given)).toBeUndefined();
});

test.each([
  '10.0.0.5',
  '192.168.1.1',
  '172.16.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.1.1',
  'fe80::1',
  'fd00::1',
  '::',
])('the address %s identifies in its workspace alone', (given) => {
  expect(describeIp(given, 'prod')?.identifiers.every(isWeakKey)).toBe(true);
});

test('a weak key ends in its workspace, whatever that is called, and no strong key looks like one', () => {
  for (const workspace of ['prod', 'a.b', 'x@y.z', 'Ünï code', '%2E', '\ud800']) {
    expect(isWeakKey(weakKey('ip', '10.0.0.5', workspace))).toBe(true);
  }
  expect(weakKey('ip', '10.0.0.5', 'a.b')).not.toBe(weakKey('ip', '10.0.0.5', 'a-b'));
  for (const key of ['http://evil-site.net/@me', 'http://evil-site.net/a@b.c', 'x@y']) {
    expect(isWeakKey(strongKey('url', key))).toBe(false);
  }
  expect(isWeakKey(strongKey('user', 'jdoe@contoso.com'))).toBe(false);
});

test('a key is bounded, and two long values differ in theirs', () => {
  const [one, other] = ['a', 'b'].map((end) =>
    strongKey('url', `http://evil-site.net/${'x'.repeat(5_000)}${end}`),
  );
  expect(one?.length).toBeLessThan(500);
  expect(one).not.toBe(other);
});

test.each([
  [{ name: 'jdoe', upnSuffix: 'contoso.com' }],
  [{ name: 'JDOE@Contoso.com', upnSuffix: 'contoso.com' }],
  [{ name: 'John Doe', upn: 'jdoe@contoso.com', upnSuffix: 'contoso.com' }],
  [{ name: 'jdoe', upnSuffix: 'CONTOSO.COM', sid: 'S-1-5-21-1-2-3-1104' }],
])('an account is its UPN, whether the name is the prefix or the whole: %j', (names) => {
  expect(accountKeys(names, 'prod')[0]).toBe('user:jdoe@contoso.com');
});

test('a bare name never joins accounts of two domains or of two workspaces', () => {
  const strong = (keys: string[]) => keys.filter((key) => !isWeakKey(key));
  expect(accountKeys({ name: 'jdoe' }, 'one')).toEqual(['user:jdoe@one']);
  expect(accountKeys({ name: 'jdoe' }, 'two')).toEqual(['user:jdoe@two']);
  const [contoso, fabrikam] = ['contoso.com', 'fabrikam.com'].map((upnSuffix) =>
    accountKeys({ name: 'jdoe', upnSuffix }, 'one'),
  );
  expect(strong(contoso ?? []).filter((key) => fabrikam?.includes(key))).toEqual([]);
});

test.each([
  'S-1-5-18',
  'S-1-5-19',
  'S-1-1-0',
  'S-1-5-32-544',
  'S-1-5-80-1-2-3-4-5',
  'S-1-5-90-0-1',
  'S-1-5-5-0-9000',
])('the well-known SID %s identifies nobody beyond its workspace', (sid) => {
  expect(isWellKnownSid(sid)).toBe(true);
  expect(accountKeys({ sid }, 'prod')).toEqual([`user:sid:${sid.toLowerCase()}@prod`]);
  expect(accountKeys({ name: 'WS-042$', sid }, 'prod')).toEqual(['user:ws-042$@prod']);
});

test('the names of built-in domains qualify nothing, and a local account is that of its host', () => {
  expect(accountKeys({ name: 'SYSTEM', domains: ['NT AUTHORITY'] }, 'prod')).toEqual(['user:system@prod']);
  expect(accountKeys({ name: 'admin', hostName: 'ws-042.contoso.com' }, 'prod')).toEqual([
    'user:ws-042.contoso.com\\admin@prod',
  ]);
  expect(accountKeys({ name: 'jdoe', domains: ['CONTOSO'] }, 'prod')).toEqual([
    'user:contoso\\jdoe',
    'user:jdoe@prod',
  ]);
});

test('a host is known by every name that identifies it, and its bare name is weak', () => {
  const names = {
    name: 'WS-042',
    dnsDomain: 'Contoso.com',
    ntDomain: 'CONTOSO',
    azureId: '/Subscriptions/1',
  };
  expect(hostKeys(names, 'prod')).toEqual([
    'host:ws-042.contoso.com',
    'host:azure:/subscriptions/1',
    'host:contoso\\ws-042',
    'host:ws-042@prod',
  ]);
  expect(hostKeys({ name: 'ws-042', agentId: '00000000-0000-0000-0000-000000000000' }, 'prod')).toEqual([
    'host:ws-042@prod',
  ]);
});

test('a domain is in lower case and punycode, without its last dot', () => {
  expect(normaliseDomain('BÖSE.Example.DE.')).toBe('xn--bse-sna.example.de');
  expect(['a', 'a..b', '-a.com', 'a.1', '1.2.3.4', '', `${'a'.repeat(64)}.com`].map(normaliseDomain)).toEqual(
    Array.from({ length: 7 }, () => undefined),
  );
});

test('a shared suffix keeps the full host', () => {
  expect(registrableDomain('mail.evil-site.co.uk')).toBe('evil-site.co.uk');
  expect(registrableDomain('contoso.onmicrosoft.com')).toBe('contoso.onmicrosoft.com');
  expect(registrableDomain('evil.blob.core.windows.net')).toBe('evil.blob.core.windows.net');
});

test.each([
  ['HTTP://Evil-Site.NET', 'http://evil-site.net/'],
  ['https://evil-site.net:443/A?B=C#D', 'https://evil-site.net/A?B=C#D'],
  ['https://user:pw@böse.example.de/x', 'https://xn--bse-sna.example.de/x'],
  ['http://[2001:DB8:0::1]:8080', 'http://[2001:db8::1]:8080/'],
  ['http://evil-site.net?x', 'http://evil-site.net/?x'],
])('the URL %s is keyed as %s', (given, canonical) => {
  expect(readUrl(given)?.canonical).toBe(canonical);
});

test.each(['http://', '://x', 'http://a:99999/', 'http://[::1', 'x', 'http://a b/', 'javascript:alert(1)'])(
  '%j is no URL',
  (given) => {
    expect(readUrl(given)).toBeUndefined();
  },
);

test('mail addresses, hashes and registry paths have one form', () => {
  expect(normaliseEmail(' <Eve@BÖSE.example.de> ')).toBe('eve@xn--bse-sna.example.de');
  expect(['a@', '@b.com', 'a b@c.com', 'a@b', 'a@@b.com'].map(normaliseEmail)).toEqual(
    Array.from({ length: 5 }, () => undefined),
  );
  expect(describeHash(' D41D8CD98F00B204E9800998ECF8427E ')?.attributes).toEqual({ algorithm: 'md5' });
  expect(normaliseRegistryPath('HKLM:\\Software\\\\Evil\\')).toBe('hkey_local_machine\\software\\evil');
});
