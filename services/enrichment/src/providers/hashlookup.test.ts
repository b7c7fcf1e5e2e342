import { hashlookup } from './hashlookup.ts';
import { testProvider } from './provider-harness.ts';

const hash = '4d9fc3b1a07e5268c4f0e9d3b7a1826f5c0e94d7b36a18f2e5d07c9b41a6f38e';
const file = (more: object) => ({
  'SHA-256': hash.toUpperCase(),
  FileName: './usr/share/doc/python2.7/examples/Demo/md5test/foo',
  FileSize: '3',
  ProductCode: { ProductName: 'OpenLinux eServer 2.3', ProductVersion: '2.3' },
  source: 'NSRL',
  db: 'nsrl_modern_rds',
  'hashlookup:parent-total': 4,
  'hashlookup:trust': 85,
  ...more,
});
const of = ['hash', hash] as const;
const asks = { path: `/lookup/sha256/${hash}` };

testProvider(hashlookup, {
  known: [
    {
      of,
      asks,
      body: file({}),
      judged: { verdict: 'benign', score: 0, summary: 'OpenLinux eServer 2.3, trust 85 %' },
    },
    {
      of,
      asks,
      body: file({ KnownMalicious: 'virusshare.com', 'hashlookup:trust': 25 }),
      judged: { verdict: 'malicious', summary: 'OpenLinux eServer 2.3, known as malicious' },
    },
    { of, asks, body: file({ 'hashlookup:trust': 40 }), judged: { verdict: 'suspicious', score: 10 } },
    {
      of: ['hash', 'd41d8cd98f00b204e9800998ecf8427e'],
      asks: { path: '/lookup/md5/d41d8cd98f00b204e9800998ecf8427e' },
      body: file({ 'hashlookup:trust': 50 }),
      judged: { verdict: 'unknown', score: null },
    },
    {
      of: ['hash', '9be1d3f70a64c25d8c7e3a15b0f2d69471ec83fa'],
      asks: { path: '/lookup/sha1/9be1d3f70a64c25d8c7e3a15b0f2d69471ec83fa' },
      body: file({ 'hashlookup:trust': 100 }),
      judged: { verdict: 'benign' },
    },
  ],
  unknown: { status: 404, body: { message: 'Non existing SHA-256', query: hash } },
});
