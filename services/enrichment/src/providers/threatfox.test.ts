import { testProvider } from './provider-harness.ts';
import { threatfox } from './threatfox.ts';

const ioc = (more: object) => ({
  id: '1204417',
  ioc: '194.26.192.64:443',
  threat_type: 'botnet_cc',
  threat_type_desc: 'Indicator that identifies a botnet command&control server (C&C)',
  ioc_type: 'ip:port',
  malware: 'win.bumblebee',
  malware_printable: 'BumbleBee',
  malware_alias: null,
  confidence_level: 100,
  first_seen: '2026-11-11 10:00:00 UTC',
  last_seen: null,
  reporter: 'abuse_ch',
  tags: ['BumbleBee'],
  ...more,
});
const of = ['ip', '194.26.192.64'] as const;
const asks = {
  method: 'POST' as const,
  path: '/api/v1/',
  headers: { 'auth-key': 'the-key', 'content-type': 'application/json' },
  body: { query: 'search_ioc', search_term: '194.26.192.64', exact_match: false },
};

testProvider(threatfox, {
  known: [
    {
      of,
      asks,
      body: {
        query_status: 'ok',
        data: [ioc({ confidence_level: 25 }), ioc({}), ioc({ ioc: '194.26.192.6:80' })],
      },
      judged: {
        verdict: 'malicious',
        score: 100,
        summary: 'botnet_cc of BumbleBee, confidence 100 %',
        link: 'https://threatfox.abuse.ch/ioc/1204417/',
      },
    },
    {
      of,
      asks,
      body: { query_status: 'ok', data: [ioc({ confidence_level: 25 })] },
      judged: { verdict: 'suspicious', score: 25 },
    },
    {
      of: ['domain', 'cdn-telemetry-sync.com'],
      asks: {
        method: 'POST',
        path: '/api/v1/',
        body: { query: 'search_ioc', search_term: 'cdn-telemetry-sync.com', exact_match: true },
      },
      body: {
        query_status: 'ok',
        data: [ioc({ ioc: 'cdn-telemetry-sync.com', ioc_type: 'domain', tags: null })],
      },
      judged: { verdict: 'malicious' },
    },
  ],
  unknown: { body: { query_status: 'no_result', data: 'Your search did not yield any results' } },
  told: [
    [
      'a term that it cannot read',
      { body: { query_status: 'illegal_search_term', data: 'The search term is not valid' } },
      /illegal_search_term/,
    ],
  ],
});
