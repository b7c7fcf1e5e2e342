import { z } from 'zod';
import { defineProvider, type Judgement } from '../intelligence/define-provider.ts';

const Response = z.object({
  noise: z.boolean(),
  riot: z.boolean(),
  // A class that is new is none that is known.
  classification: z.string().default('unknown'),
  name: z.string().optional(),
  link: z.url().optional(),
  last_seen: z.string().optional(),
});
type Answer = z.output<typeof Response>;

const HOUR_S = 3_600;

export const greynoise = defineProvider({
  name: 'greynoise',
  entityTypes: ['ip'],
  accepts: ({ value }) => !value.includes(':'),
  reliability: 'B',
  baseUrl: 'https://api.greynoise.io',
  access: 'either',
  // The community's 50 a week.
  limits: { perMinute: 10, perDay: 7, concurrency: 20 },
  timeoutMs: 8_000,
  ttlS: { malicious: 24 * HOUR_S, suspicious: 12 * HOUR_S, benign: 24 * HOUR_S, unknown: 24 * HOUR_S },
  request: ({ value }, key) => ({
    path: `/v3/community/${encodeURIComponent(value)}`,
    headers: key === '' ? {} : { key },
  }),
  notFound: z.object({ ip: z.string(), message: z.string() }),
  response: Response,
  judge: (answer) => {
    const { noise, riot, classification, name, link, last_seen } = answer;
    const seen = noise ? 'it scans the internet' : 'it does not scan the internet';
    const who = name === undefined || name === 'unknown' ? '' : ` (${name})`;
    return {
      status: 'known',
      ...verdictOf(answer),
      summary: riot ? `it belongs to a common service${who}` : `${seen}, ${classification}${who}`,
      ...(link === undefined ? {} : { link }),
      evidence: { noise, riot, classification, name, last_seen },
    };
  },
});

/** RIOT lists the addresses of common business services; a scanner is only as bad as its class. */
function verdictOf({ riot, classification }: Answer): Pick<Judgement, 'verdict' | 'score'> {
  if (classification === 'malicious') return { verdict: 'malicious', score: 90 };
  if (classification === 'suspicious') return { verdict: 'suspicious', score: 60 };
  if (riot || classification === 'benign') return { verdict: 'benign', score: 0 };
  return { verdict: 'unknown', score: null };
}
