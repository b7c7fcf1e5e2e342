import { testProvider } from './provider-harness.ts';
import { virustotal } from './virustotal.ts';

const attributes = (stats: object, more: object = {}) => ({
  data: {
    id: 'x',
    type: 'ip_address',
    links: { self: 'https://www.virustotal.com/api/v3/ip_addresses/45.155.205.20' },
    attributes: {
      last_analysis_stats: { malicious: 0, suspicious: 0, undetected: 0, harmless: 0, timeout: 0, ...stats },
      reputation: -11,
      tags: [],
      total_votes: { harmless: 0, malicious: 4 },
      last_analysis_date: 1_763_800_000,
      ...more,
    },
  },
});
const headers = { 'x-apikey': 'the-key', 'user-agent': 'SoCMate', accept: 'application/json' };
const hash = '5c1f7bd4e0a94c6b0d2e8f63a2b97e41d06fb7c98a35e1f4207cd95b8ae3f610';

testProvider(virustotal, {
  known: [
    {
      of: ['ip', '45.155.205.20'],
      asks: { path: '/api/v3/ip_addresses/45.155.205.20', headers },
      body: attributes(
        { malicious: 16, suspicious: 2, harmless: 50, undetected: 26 },
        { as_owner: 'Selectel' },
      ),
      judged: {
        verdict: 'malicious',
        score: 100,
        summary: '16 of 94 engines call it malicious',
        link: 'https://www.virustotal.com/gui/ip-address/45.155.205.20',
      },
    },
    {
      of: ['domain', 'cdn-telemetry-sync.com'],
      asks: { path: '/api/v3/domains/cdn-telemetry-sync.com' },
      body: attributes({ malicious: 2, harmless: 60 }),
      judged: { verdict: 'suspicious', score: 20 },
    },
    {
      of: ['url', 'https://cdn-telemetry-sync.com/api/v2/ping?user=jdoe#top'],
      asks: { path: '/api/v3/urls/aHR0cHM6Ly9jZG4tdGVsZW1ldHJ5LXN5bmMuY29tL2FwaS92Mi9waW5n' },
      body: attributes({ malicious: 5, harmless: 60 }),
      judged: { verdict: 'malicious', score: 50 },
    },
    {
      of: ['hash', hash],
      asks: { path: `/api/v3/files/${hash}` },
      body: attributes(
        { malicious: 54, undetected: 18 },
        { popular_threat_classification: { suggested_threat_label: 'trojan.bumblebee/injector' } },
      ),
      judged: {
        verdict: 'malicious',
        summary: '54 of 72 engines call it malicious (trojan.bumblebee/injector)',
      },
    },
    {
      of: ['hash', 'd41d8cd98f00b204e9800998ecf8427e'],
      asks: { path: '/api/v3/files/d41d8cd98f00b204e9800998ecf8427e' },
      body: attributes({ undetected: 72 }, { tags: ['peexe', 'known-distributor'] }),
      judged: { verdict: 'benign', score: 0 },
    },
    {
      of: ['ip', '91.12.44.103'],
      asks: { path: '/api/v3/ip_addresses/91.12.44.103' },
      body: attributes({ harmless: 68, undetected: 26 }),
      judged: { verdict: 'unknown', score: 0 },
    },
  ],
  unknown: {
    status: 404,
    body: { error: { code: 'NotFoundError', message: 'Domain "x.com" not found' } },
  },
});
