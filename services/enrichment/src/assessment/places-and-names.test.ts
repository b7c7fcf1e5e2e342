import { expect, test } from '@jest/globals';
import type { Entity } from '@socmate/contracts';
import { addressClass, classifyAddress } from './address-class.ts';
import { editDistance } from './edit-distance.ts';
import { entropyOf, generatedNames } from './generated-names.ts';
import { createLookAlikes } from './look-alikes.ts';
import { anEntity } from './test-incident.ts';

test.each([
  ['8.8.8.8', 'public'],
  ['10.1.2.3', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.0.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['127.0.0.53', 'loopback'],
  ['::1', 'loopback'],
  ['100.64.0.1', 'carrier_grade_nat'],
  ['100.128.0.1', 'public'],
  ['169.254.7.7', 'link_local'],
  ['fe80::1', 'link_local'],
  ['169.254.169.254', 'instance_metadata'],
  ['168.63.129.16', 'azure_platform'],
  ['168.63.129.17', 'public'],
  ['192.0.2.1', 'documentation'],
  ['198.51.100.20', 'documentation'],
  ['203.0.113.50', 'documentation'],
  ['2001:db8::1', 'documentation'],
  ['3fff:1::1', 'documentation'],
  ['198.19.1.1', 'benchmarking'],
  ['224.0.0.251', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['240.0.0.1', 'reserved'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['64:ff9b::808:808', 'translated'],
  ['2606:4700::1111', 'public'],
  ['::ffff:10.0.0.1', 'private'],
])('%s is %s', (address, name) => {
  expect(classifyAddress(address)?.name).toBe(name);
});

test('what is no address has no class', () => {
  expect(classifyAddress('1')).toBeUndefined();
  expect(classifyAddress('example.com')).toBeUndefined();
});

test('of all classes only the platform is a reason to think well of an address', () => {
  const verdictOf = (value: string) => addressClass.find(anEntity('ip', value))?.verdict;
  expect(verdictOf('168.63.129.16')).toBe('benign');
  for (const value of ['10.0.0.1', '169.254.169.254', '8.8.8.8', '203.0.113.1'])
    expect(verdictOf(value)).toBeUndefined();
  expect(addressClass.find(anEntity('url', 'http://10.0.0.1/a'))?.context).toEqual({
    address_class: 'private',
  });
});

const lookAlikes = createLookAlikes(['contoso.com', 'mail.fabrikam.co.uk']);
const imitated = (type: Entity['type'], value: string) =>
  lookAlikes.find(anEntity(type, value))?.evidence?.['imitates'];

test.each([
  ['rnicrosoft.com', 'microsoft'],
  ['micros0ft.com', 'microsoft'],
  ['xn--mcrosoft-l2a.com', 'microsoft'],
  ['microsofft.com', 'microsoft'],
  ['mircosoft.com', 'microsoft'],
  ['c0ntoso.com', 'contoso'],
  ['contosso.com', 'contoso'],
  ['contoso-payroll.net', 'contoso'],
  ['contoso.co', 'contoso'],
  ['login.contoso.com.evil-host.net', 'contoso.com'],
  ['login.microsoftonline.com.evil-host.net', 'microsoftonline.com'],
  ['fabrikam-vpn.com', 'fabrikam'],
  ['outlook-sync-connect.com', 'outlook'],
  ['paypa1.com', 'paypal'],
  ['contoso-login.azurewebsites.net', 'contoso'],
])('%s looks like %s', (domain, target) => {
  expect(imitated('domain', domain)).toBe(target);
});

test.each([
  'contoso.com',
  'shop.contoso.com',
  'fabrikam.co.uk',
  'contoso.sharepoint.com',
  'contoso.azurewebsites.net',
  'contoso-orders.azurewebsites.net',
  'stcontosoreports.blob.core.windows.net',
  'login.microsoftonline.com',
  'google.de',
  'wikipedia.org',
  'cloudflare.com',
  'github.com',
  'amazon.co.uk',
  'economic-outlook.org',
  'docs-share-center.com',
  'example.org',
  'stackoverflow.com',
  'zoo.com',
  'bücher.de',
])('%s imitates nobody', (domain) => {
  expect(lookAlikes.find(anEntity('domain', domain))).toBeUndefined();
});

test('URLs and e-mail addresses go by their host', () => {
  expect(imitated('url', 'https://login.micros0ft.com/signin')).toBe('microsoft');
  expect(imitated('email', 'ceo@contosso.com')).toBe('contoso');
  expect(imitated('email', 'ceo@contoso.com')).toBeUndefined();
  expect(imitated('url', 'http://45.155.205.20/microsoft-login')).toBeUndefined();
});

test('an application with Cyrillic letters in a Latin word looks like what it pretends to be', () => {
  expect(imitated('cloud_application', 'Mіcrosoft Outlook Sync')).toBe('microsoft');
  expect(lookAlikes.find(anEntity('cloud_application', 'Microsoft Exchange Online'))).toBeUndefined();
  expect(lookAlikes.find(anEntity('cloud_application', 'Яндекс Диск'))).toBeUndefined();
});

test('distances count insertions, deletions, replacements and swaps, and stop at the limit', () => {
  expect(editDistance('contoso', 'contoso', 2)).toBe(0);
  expect(editDistance('contoso', 'cnotoso', 2)).toBe(1);
  expect(editDistance('contoso', 'contosso', 2)).toBe(1);
  expect(editDistance('kitten', 'sitting', 3)).toBe(3);
  expect(editDistance('kitten', 'sitting', 1)).toBe(2);
  expect(editDistance('', 'abc', 2)).toBe(3);
});

test.each(['xjwqkzvbtrplm.com', 'a8f3k9d2m5x7q1.net', 'qz7h2kx9vb4t.biz', 'kq3v9z8x2c7b1n.info'])(
  '%s looks generated',
  (domain) => {
    expect(generatedNames.find(anEntity('domain', domain))).toMatchObject({
      verdict: 'suspicious',
      reliability: 'D',
    });
  },
);

test.each([
  'stackoverflow.com',
  'wikipedia.org',
  'cdn-telemetry-sync.com',
  'microsoftonline.com',
  'googleusercontent.com',
  'internationalbusiness.com',
  'deutschetelekom.de',
  'stbackupsync0419.blob.core.windows.net',
  'd111111abcdef8.cloudfront.net',
  'contoso-my.sharepoint.com',
  'xn--mnchhausen-9db.de',
  'rhythmandbluesmusic.com',
])('%s looks like a name that somebody chose, or is a resource of a customer', (domain) => {
  expect(generatedNames.find(anEntity('domain', domain))).toBeUndefined();
});

test('entropy is in bits a letter', () => {
  expect(entropyOf('aaaa')).toBe(0);
  expect(entropyOf('abab')).toBe(1);
  expect(entropyOf('abcd')).toBe(2);
});
