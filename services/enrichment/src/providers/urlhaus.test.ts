import { testProvider } from './provider-harness.ts';
import { urlhaus } from './urlhaus.ts';

const listed = (url_status: string) => ({
  id: '3412877',
  urlhaus_reference: 'https://urlhaus.abuse.ch/url/3412877/',
  url: 'http://cdn-telemetry-sync.com/dl/Remittance_0417.zip',
  url_status,
  date_added: '2026-11-19 10:00:00 UTC',
  threat: 'malware_download',
  reporter: 'abuse_ch',
  larted: 'true',
  tags: ['BumbleBee', 'zip'],
});
const host = (urls: object[], more: object = {}) => ({
  query_status: 'ok',
  urlhaus_reference: 'https://urlhaus.abuse.ch/host/cdn-telemetry-sync.com/',
  host: 'cdn-telemetry-sync.com',
  firstseen: '2026-11-10 10:00:00 UTC',
  url_count: String(urls.length),
  blacklists: { spamhaus_dbl: 'not listed', surbl: 'not listed' },
  urls,
  ...more,
});
const of = ['domain', 'cdn-telemetry-sync.com'] as const;
const asks = {
  method: 'POST' as const,
  path: '/v1/host/',
  headers: { 'auth-key': 'the-key' },
  body: { host: 'cdn-telemetry-sync.com' },
};
const hash = '5c1f7bd4e0a94c6b0d2e8f63a2b97e41d06fb7c98a35e1f4207cd95b8ae3f610';

testProvider(urlhaus, {
  known: [
    {
      of,
      asks,
      body: host([listed('online'), listed('offline')]),
      judged: {
        verdict: 'malicious',
        score: 90,
        summary: 'malware came from 2 of its URLs, 1 of them online',
        link: 'https://urlhaus.abuse.ch/host/cdn-telemetry-sync.com/',
      },
    },
    { of, asks, body: host([listed('offline')]), judged: { verdict: 'suspicious', score: 60 } },
    {
      of,
      asks,
      body: host([listed('online')], { blacklists: { spamhaus_dbl: 'abused_legit_malware', surbl: null } }),
      judged: { verdict: 'suspicious' },
    },
    {
      of: ['url', 'http://cdn-telemetry-sync.com/dl/Remittance_0417.zip'],
      asks: {
        method: 'POST',
        path: '/v1/url/',
        body: { url: 'http://cdn-telemetry-sync.com/dl/Remittance_0417.zip' },
      },
      body: { query_status: 'ok', ...listed('online'), payloads: [] },
      judged: { verdict: 'malicious', score: 100, summary: 'serves malware, online' },
    },
    {
      of: ['hash', hash],
      asks: { method: 'POST', path: '/v1/payload/', body: { sha256_hash: hash } },
      body: {
        query_status: 'ok',
        sha256_hash: hash,
        signature: 'BumbleBee',
        url_count: '1',
        urls: [listed('online')],
      },
      judged: { verdict: 'malicious', summary: 'malware (BumbleBee) that came from 1 URLs' },
    },
  ],
  unknown: { body: { query_status: 'no_results' } },
  told: [
    ['a host that it cannot read', { body: { query_status: 'invalid_host' } }, /answered "invalid_host"/],
    ['a key that it does not know', { body: { query_status: 'unknown_auth_key' } }, /unknown_auth_key/],
  ],
});
