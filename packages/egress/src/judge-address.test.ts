import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { checkTarget } from './check-target.ts';
import { judgeAddress } from './judge-address.ts';
import { parseTargetPolicy } from './target-policy.ts';

interface Vectors {
  readonly block: string[];
  readonly allow: string[];
  readonly refused_by_our_policy_though_others_allow: string[];
  readonly policy: { readonly v4_deny: string[]; readonly v6_deny: string[] };
}

const vectorFile = new URL('../fixtures/ssrf-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as Vectors;
const refused = [...vectors.block, ...vectors.refused_by_our_policy_though_others_allow];
const policy = parseTargetPolicy({ allowHttp: true, allowedPorts: '', allowedCidrs: '' });
const opening = (allowedCidrs: string) =>
  parseTargetPolicy({ allowHttp: true, allowedPorts: '', allowedCidrs });

const urlsOf = (address: string): string[] =>
  ['https', 'http'].map((scheme) => `${scheme}://${address.includes(':') ? `[${address}]` : address}/hook`);
const blocked = expect.objectContaining({
  code: 'invalid_input',
  message: 'the URL leads to an address that may not be called',
  issues: [expect.objectContaining({ loc: ['body', 'url'], type: 'blocked_target' })],
});

test('the vectors are 82 refused, 11 allowed and 9 that only we refuse', () => {
  expect([vectors.block.length, vectors.allow.length, refused.length]).toEqual([82, 11, 91]);
});

test.each(refused)('%s is refused, alone and in a URL', (address) => {
  expect(judgeAddress(address, policy)).toBe('refused');
  for (const url of urlsOf(address)) expect(() => checkTarget(url, policy)).toThrow(blocked);
});

test.each(vectors.allow)('%s is allowed, alone and in a URL', (address) => {
  expect(judgeAddress(address, policy)).toBe('allowed');
  for (const url of urlsOf(address)) {
    expect(checkTarget(url, policy).href).toBe(new URL(url).href);
  }
});

/** The addresses just inside and just outside a range, as numbers. */
function edges(cidr: string, bits: 32 | 128, toNumber: (address: string) => bigint) {
  const [network = '', prefix = ''] = cidr.split('/');
  const first = toNumber(network);
  const size = 1n << BigInt(bits - Number(prefix));
  return { inside: [first, first + size - 1n], outside: [first - 1n, first + size] };
}
const v4Number = (address: string): bigint =>
  address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
const v4Text = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
const v6Number = (address: string): bigint => {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const zeros = Array<string>(8 - groups(head).length - groups(tail).length).fill('0');
  return BigInt(
    `0x${[...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, '0')).join('')}`,
  );
};
const v6Text = (value: bigint): string =>
  value
    .toString(16)
    .padStart(32, '0')
    .replace(/.{4}(?=.)/g, '$&:');

test.each(vectors.policy.v4_deny)('%s is refused to its very edges, also as mapped IPv6', (cidr) => {
  const { inside, outside } = edges(cidr, 32, v4Number);
  for (const address of inside.map(v4Text)) {
    expect(judgeAddress(address, policy)).toBe('refused');
    expect(judgeAddress(`::ffff:${address}`, policy)).toBe('refused');
  }
  const neighbours = outside.filter((value) => value >= 0n && value < 1n << 32n).map(v4Text);
  // 224/4 and 240/4 touch; every other range has public neighbours.
  for (const address of neighbours.filter((one) => !/^2[34]\d\./.test(one))) {
    expect(judgeAddress(address, policy)).toBe('allowed');
    expect(judgeAddress(`::ffff:${address}`, policy)).toBe('allowed');
  }
});

test.each([...vectors.policy.v6_deny, '2000::/3'])('%s is judged right to its very edges', (cidr) => {
  const { inside, outside } = edges(cidr, 128, v6Number);
  const [within, without] = cidr === '2000::/3' ? ['allowed', 'refused'] : ['refused', 'allowed'];
  for (const address of inside.map(v6Text))
    expect([address, judgeAddress(address, policy)]).toEqual([address, within]);
  for (const address of outside.map(v6Text))
    expect([address, judgeAddress(address, policy)]).toEqual([address, without]);
});

test.each([
  '',
  'example.com',
  '2130706433',
  '0x8.8.8.8',
  '08.8.8.8',
  '8.8.8',
  '8.8.8.8.',
  ' 8.8.8.8',
  '8.8.8.8/32',
  '[2606:4700:4700::1111]',
  '2606:4700:4700::1111%eth0',
  'fe80::1%1',
  '::8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::8.8.8.8',
])('%p is no plain public address and is refused', (text) => {
  expect(judgeAddress(text, policy)).toBe('refused');
});

test('an opened range is allowed, as mapped IPv6 too, and its neighbours are not', () => {
  const opened = opening('10.20.0.0/16,fd00:1::/32,127.0.0.1');
  for (const address of ['10.20.255.255', '::ffff:10.20.0.1', 'fd00:1::5', '127.0.0.1']) {
    expect(judgeAddress(address, opened)).toBe('allowed');
  }
  for (const address of ['10.21.0.0', '::ffff:10.21.0.0', 'fd00:2::5', '127.0.0.2', '::10.20.0.1']) {
    expect(judgeAddress(address, opened)).toBe('refused');
  }
});
