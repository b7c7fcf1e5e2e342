import { testProvider } from './provider-harness.ts';
import { urlscan } from './urlscan.ts';

const scan = (malicious: boolean | undefined, score = 0) => ({
  _id: '0e37e828-a9d9-45c0-ac50-1ca579b86c72',
  sort: [1_763_800_000_000, '0e37e828-a9d9-45c0-ac50-1ca579b86c72'],
  result: 'https://urlscan.io/api/v1/result/0e37e828-a9d9-45c0-ac50-1ca579b86c72/',
  task: { visibility: 'public', method: 'api', time: '2026-11-22T10:00:00.000Z', tags: [] },
  page: { url: 'https://docs-share-center.com/s/4kQ8zT1', ip: '80.94.95.118', status: '200' },
  stats: { uniqIPs: 1, requests: 12 },
  ...(malicious === undefined
    ? {}
    : { verdicts: { malicious, score, hasVerdicts: true, brands: ['microsoft'] } }),
});
const results = (...scans: object[]) => ({ results: scans, total: scans.length, took: 12, has_more: false });

testProvider(urlscan, {
  known: [
    {
      of: ['domain', 'docs-share-center.com'],
      asks: {
        path: '/api/v1/search/?q=page.domain%3A%22docs-share-center.com%22&size=20',
        headers: { 'api-key': 'the-key' },
      },
      body: results(scan(true, 100), scan(undefined)),
      judged: {
        verdict: 'malicious',
        score: 100,
        summary: '1 of the last 2 scans called malicious',
        link: 'https://urlscan.io/result/0e37e828-a9d9-45c0-ac50-1ca579b86c72/',
      },
    },
    {
      of: ['ip', '80.94.95.118'],
      asks: { path: '/api/v1/search/?q=page.ip%3A%2280.94.95.118%22&size=20' },
      body: results(scan(false), scan(true, 90), scan(false), scan(false)),
      judged: { verdict: 'suspicious', score: 60 },
    },
    {
      of: ['url', 'https://docs-share-center.com/a"b'],
      asks: {
        path: '/api/v1/search/?q=page.url%3A%22https%3A%2F%2Fdocs-share-center.com%2Fa%5C%22b%22&size=20',
      },
      body: results(scan(undefined)),
      judged: { verdict: 'unknown', score: null },
    },
  ],
  unknown: { body: results() },
  told: [['a query that it cannot read', { status: 400, body: { message: 'Bad query' } }, /status 400/]],
});
