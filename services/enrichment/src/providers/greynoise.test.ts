import { expect, test } from '@jest/globals';
import { anEntity, configuredAt, createTestIntelligence } from '../intelligence/intelligence-fixture.ts';
import { startProviderServer } from '../intelligence/provider-server.ts';
import { greynoise } from './greynoise.ts';
import { testProvider } from './provider-harness.ts';

const context = (more: object) => ({
  ip: '45.155.205.20',
  noise: true,
  riot: false,
  classification: 'unknown',
  name: 'unknown',
  link: 'https://viz.greynoise.io/ip/45.155.205.20',
  last_seen: '2026-11-22',
  message: 'Success',
  ...more,
});
const of = ['ip', '45.155.205.20'] as const;
const asks = { path: '/v3/community/45.155.205.20', headers: { key: 'the-key' } };

testProvider(greynoise, {
  known: [
    {
      of,
      asks,
      body: context({ classification: 'malicious' }),
      judged: {
        verdict: 'malicious',
        score: 90,
        summary: 'it scans the internet, malicious',
        link: 'https://viz.greynoise.io/ip/45.155.205.20',
      },
    },
    {
      of,
      asks,
      body: context({ noise: false, riot: true, classification: 'benign', name: 'Zscaler' }),
      judged: { verdict: 'benign', score: 0, summary: 'it belongs to a common service (Zscaler)' },
    },
    { of, asks, body: context({ classification: 'suspicious' }), judged: { verdict: 'suspicious' } },
    { of, asks, body: context({}), judged: { verdict: 'unknown', score: null } },
    { of, asks, body: context({ classification: 'of_tomorrow' }), judged: { verdict: 'unknown' } },
  ],
  unknown: {
    status: 404,
    body: { ip: of[1], noise: false, riot: false, message: 'IP not observed scanning the internet.' },
  },
});

test('it is asked without a key where there is none, and never about IPv6', async () => {
  const server = await startProviderServer();
  const intelligence = createTestIntelligence([{ ...configuredAt(greynoise, server.url), key: '' }]);
  const signal = AbortSignal.timeout(10_000);
  expect(await intelligence.lookUp(anEntity(...of), { signal })).toHaveLength(1);
  expect(await intelligence.lookUp(anEntity('ip', '2606:4700:4700::1111'), { signal })).toEqual([]);
  expect(server.asked.map(({ headers }) => headers['key'])).toEqual([undefined]);
  intelligence.close();
  await server.close();
});
