import { expect, test } from '@jest/globals';
import { parseEgressProxy } from './egress-proxy.ts';

test.each([
  ['http://proxy.corp.example:3128', 'http://proxy.corp.example:3128', undefined],
  ['https://10.0.0.9', 'https://10.0.0.9', undefined],
  ['http://user:p%40ss@proxy:3128/', 'http://proxy:3128', 'user:p@ss'],
  ['http://user@[fd00::9]:3128', 'http://[fd00::9]:3128', 'user:'],
])('%s is taken', (text, origin, credentials) => {
  const basic = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  expect(parseEgressProxy(text)).toEqual({ origin, authorization: basic });
});

test.each([
  'proxy:3128',
  'socks5://user:s3cret@proxy:1080',
  'http://user:s3cret@proxy:3128/path',
  'http://user:s3cret@proxy:3128?a=b',
  'http://user:%E0%A4s3cret@proxy:3128',
  'http://user:s3cret@',
  '',
])('%j is refused, and not repeated', (text) => {
  expect(() => parseEgressProxy(text)).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.not.stringContaining('s3cret') }),
  );
});
