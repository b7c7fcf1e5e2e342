import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';
import type { Subject } from '../intelligence/subject.ts';

const count = z.number().default(0);

const Response = z.object({
  data: z.object({
    attributes: z.object({
      last_analysis_stats: z
        .object({ malicious: count, suspicious: count, undetected: count, harmless: count })
        .optional(),
      reputation: z.number().optional(),
      tags: z.array(z.string()).default([]),
      as_owner: z.string().optional(),
      country: z.string().optional(),
      meaningful_name: z.string().optional(),
      popular_threat_classification: z.object({ suggested_threat_label: z.string().optional() }).optional(),
      trusted_verdict: z.object({ verdict: z.string().optional() }).optional(),
      last_analysis_date: z.number().optional(),
    }),
  }),
});
type Attributes = z.output<typeof Response>['data']['attributes'];

const DAY_S = 86_400;
/** One or two engines are often wrong; so many rarely are. */
const MALICIOUS_ENGINES = 5;

const PLACES = {
  ip: { api: 'ip_addresses', site: 'ip-address' },
  domain: { api: 'domains', site: 'domain' },
  hash: { api: 'files', site: 'file' },
  url: { api: 'urls', site: 'url' },
} as const;

export const virustotal = defineProvider({
  name: 'virustotal',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  accepts: ({ type, value }) => type !== 'hash' || value.length <= 64,
  reliability: 'B',
  baseUrl: 'https://www.virustotal.com',
  access: 'key',
  limits: { perMinute: 4, perDay: 500, concurrency: 20 },
  timeoutMs: 10_000,
  ttlS: { malicious: DAY_S, suspicious: DAY_S / 2, benign: DAY_S, unknown: DAY_S / 4 },
  request: (subject, key) => ({
    path: `/api/v3/${PLACES[subject.type].api}/${idOf(subject)}`,
    headers: { 'x-apikey': key },
  }),
  notFound: z.object({ error: z.object({ code: z.literal('NotFoundError') }) }),
  response: Response,
  judge: ({ data: { attributes } }, subject) => {
    const { malicious, suspicious, harmless, undetected } = statsOf(attributes);
    const engines = malicious + suspicious + harmless + undetected;
    if (engines === 0) return neverHeardOf('no engine has looked at it');
    const label = attributes.popular_threat_classification?.suggested_threat_label;
    const summary = `${malicious} of ${engines} engines call it malicious${label === undefined ? '' : ` (${label})`}`;
    const { tags, as_owner, country, meaningful_name, reputation } = attributes;
    return {
      status: 'known',
      ...verdictOf(attributes),
      summary,
      link: `https://www.virustotal.com/gui/${PLACES[subject.type].site}/${idOf(subject)}`,
      evidence: {
        malicious,
        suspicious,
        harmless,
        undetected,
        tags: tags.slice(0, 20),
        reputation,
        as_owner,
        country,
        meaningful_name,
        threat_label: label,
      },
    };
  },
});

const idOf = ({ type, value }: Subject): string =>
  type === 'url' ? Buffer.from(value).toString('base64url') : encodeURIComponent(value);

const statsOf = ({ last_analysis_stats }: Attributes) =>
  last_analysis_stats ?? { malicious: 0, suspicious: 0, harmless: 0, undetected: 0 };

/** No detection is no proof of good: benign is only what a vendor vouches for. */
function verdictOf(attributes: Attributes): Pick<Judgement, 'verdict' | 'score'> {
  const { malicious, suspicious } = statsOf(attributes);
  // Ten engines are as sure as it gets.
  const score = Math.min(100, malicious * 10 + suspicious * 3);
  if (malicious >= MALICIOUS_ENGINES) return { verdict: 'malicious', score };
  if (malicious > 0 || suspicious >= 3) return { verdict: 'suspicious', score };
  const isVouchedFor =
    attributes.trusted_verdict?.verdict === 'goodware' || attributes.tags.includes('known-distributor');
  return { verdict: isVouchedFor ? 'benign' : 'unknown', score };
}
