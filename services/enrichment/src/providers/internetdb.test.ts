import { internetdb } from './internetdb.ts';
import { testProvider } from './provider-harness.ts';

const host = (more: object) => ({
  ip: '194.26.192.64',
  ports: [22, 443],
  hostnames: ['cdn-telemetry-sync.com'],
  tags: [],
  cpes: ['cpe:/a:igor_sysoev:nginx'],
  vulns: [],
  ...more,
});
const of = ['ip', '194.26.192.64'] as const;
const asks = { path: '/194.26.192.64' };

testProvider(internetdb, {
  known: [
    {
      of,
      asks,
      body: host({ tags: ['c2'] }),
      judged: { verdict: 'suspicious', score: 60, summary: 'open ports 22, 443, tagged c2' },
    },
    {
      of,
      asks,
      body: host({ tags: ['tor'], vulns: ['CVE-2024-3094'] }),
      judged: {
        verdict: 'unknown',
        score: null,
        summary: 'open ports 22, 443, 1 known vulnerabilities, tagged tor',
      },
    },
  ],
  unknown: { status: 404, body: { detail: 'No information available' } },
});
