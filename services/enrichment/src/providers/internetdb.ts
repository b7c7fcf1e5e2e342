import { z } from 'zod';
import { defineProvider } from '../intelligence/define-provider.ts';

const texts = z.array(z.string()).default([]);

const Response = z.object({
  ip: z.string(),
  ports: z.array(z.number()).default([]),
  hostnames: texts,
  tags: texts,
  cpes: texts,
  vulns: texts,
});

const HOUR_S = 3_600;
/** What a scan recognised as the attacker's own; `tor`, `vpn` and `proxy` are a matter of taste. */
const BAD_TAGS = ['c2', 'malware', 'compromised'];

export const internetdb = defineProvider({
  name: 'internetdb',
  entityTypes: ['ip'],
  reliability: 'C',
  baseUrl: 'https://internetdb.shodan.io',
  access: 'switch',
  limits: { perMinute: 60, concurrency: 20 },
  timeoutMs: 8_000,
  // Its data are a week old at most.
  ttlS: { malicious: 24 * HOUR_S, suspicious: 24 * HOUR_S, benign: 24 * HOUR_S, unknown: 24 * HOUR_S },
  request: ({ value }) => ({ path: `/${encodeURIComponent(value)}` }),
  notFound: z.object({ detail: z.literal('No information available') }),
  response: Response,
  judge: ({ ports, hostnames, tags, cpes, vulns }, { value }) => {
    const bad = tags.filter((tag) => BAD_TAGS.includes(tag));
    const marks = tags.length === 0 ? '' : `, tagged ${tags.slice(0, 5).join(', ')}`;
    const open = ports.length === 0 ? 'no open port' : `open ports ${ports.slice(0, 8).join(', ')}`;
    return {
      status: 'known',
      // Open ports and vulnerabilities describe a machine, and say nothing of whose side it is on.
      verdict: bad.length > 0 ? 'suspicious' : 'unknown',
      score: bad.length > 0 ? 60 : null,
      summary: `${open}${vulns.length === 0 ? '' : `, ${vulns.length} known vulnerabilities`}${marks}`,
      link: `https://www.shodan.io/host/${encodeURIComponent(value)}`,
      evidence: {
        ports: ports.slice(0, 50),
        hostnames: hostnames.slice(0, 20),
        tags: tags.slice(0, 20),
        cpes: cpes.slice(0, 20),
        vulns: vulns.slice(0, 50),
      },
    };
  },
});
