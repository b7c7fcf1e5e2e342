import { registrableDomain } from '@socmate/entities';
import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';
import type { Subject } from '../intelligence/subject.ts';

const Pulse = z.object({
  id: z.string().optional(),
  name: z.string(),
  tags: z.array(z.string()).default([]),
  author: z.object({ username: z.string().optional() }).optional(),
  modified: z.string().optional(),
  malware_families: z.array(z.object({ display_name: z.string().optional() })).default([]),
});
const Response = z.object({
  pulse_info: z.object({ count: z.number(), pulses: z.array(Pulse).default([]) }),
  validation: z
    .array(z.object({ source: z.string().optional(), message: z.string().optional() }))
    .default([]),
});
type Answer = z.output<typeof Response>;

const HOUR_S = 3_600;

export const otx = defineProvider({
  name: 'otx',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  accepts: ({ type, value }) => type !== 'hash' || value.length <= 64,
  reliability: 'C',
  baseUrl: 'https://otx.alienvault.com',
  access: 'key',
  // 10,000 an hour.
  limits: { perMinute: 160, concurrency: 20 },
  timeoutMs: 10_000,
  ttlS: { malicious: 24 * HOUR_S, suspicious: 12 * HOUR_S, benign: 24 * HOUR_S, unknown: 6 * HOUR_S },
  request: (subject, key) => ({
    path: `/api/v1/indicators/${sectionOf(subject)}/${encodeURIComponent(subject.value)}/general`,
    headers: { 'x-otx-api-key': key },
  }),
  notFound: z.object({ detail: z.string() }),
  response: Response,
  judge: (answer, subject) => {
    const { pulse_info, validation } = answer;
    if (pulse_info.count === 0 && validation.length === 0) return neverHeardOf('no pulse names it');
    const families = pulse_info.pulses.flatMap(({ malware_families }) => malware_families);
    const names = [...new Set(families.map(({ display_name }) => display_name))];
    return {
      status: 'known',
      ...verdictOf(answer),
      summary: summaryOf(answer),
      link: `https://otx.alienvault.com/indicator/${sectionOf(subject)
        .toLowerCase()
        .replace(/^ipv[46]$/, 'ip')}/${encodeURIComponent(subject.value)}`,
      evidence: {
        pulses: pulse_info.count,
        latest: pulse_info.pulses.slice(0, 5).map(({ name, author, modified }) => ({
          name,
          author: author?.username,
          modified,
        })),
        families: names.slice(0, 10),
        known_good: validation.map(({ source }) => source).slice(0, 5),
      },
    };
  },
});

function sectionOf({ type, value }: Subject): string {
  if (type === 'ip') return value.includes(':') ? 'IPv6' : 'IPv4';
  if (type === 'domain') return registrableDomain(value) === value ? 'domain' : 'hostname';
  return type === 'hash' ? 'file' : 'url';
}

/** Anybody may publish a pulse, so being named in one makes suspicious, and never worse. */
function verdictOf({ pulse_info: { count }, validation }: Answer): Pick<Judgement, 'verdict' | 'score'> {
  if (validation.length > 0) return { verdict: 'benign', score: 0 };
  return { verdict: 'suspicious', score: Math.min(70, 40 + count * 10) };
}

function summaryOf({ pulse_info: { count, pulses }, validation }: Answer): string {
  if (validation.length > 0) return `known as good (${validation[0]?.source ?? 'no source given'})`;
  const first = pulses[0] === undefined ? '' : `, such as "${pulses[0].name.slice(0, 120)}"`;
  return `named in ${count} ${count === 1 ? 'pulse' : 'pulses'}${first}`;
}
