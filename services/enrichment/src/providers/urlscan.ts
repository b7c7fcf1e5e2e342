import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';
import type { Subject } from '../intelligence/subject.ts';

const Result = z.object({
  _id: z.string(),
  task: z.object({ time: z.string().optional(), tags: z.array(z.string()).optional() }).optional(),
  page: z
    .object({ url: z.string().optional(), ip: z.string().optional(), country: z.string().optional() })
    .optional(),
  verdicts: z
    .object({
      malicious: z.boolean().optional(),
      score: z.number().optional(),
      brands: z.array(z.unknown()).optional(),
    })
    .optional(),
});
const Response = z.object({ total: z.number().optional(), results: z.array(Result) });
type Result = z.output<typeof Result>;

const HOUR_S = 3_600;
const RESULTS_MAX = 20;
const FIELDS = { ip: 'page.ip', domain: 'page.domain', url: 'page.url', hash: 'hash' } as const;

export const urlscan = defineProvider({
  name: 'urlscan',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  accepts: ({ type, value }) => type !== 'hash' || value.length === 64,
  reliability: 'C',
  baseUrl: 'https://urlscan.io',
  access: 'either',
  limits: { perMinute: 30, perDay: 1_000, concurrency: 20 },
  timeoutMs: 10_000,
  ttlS: { malicious: 24 * HOUR_S, suspicious: 6 * HOUR_S, benign: 24 * HOUR_S, unknown: 6 * HOUR_S },
  request: (subject, key) => ({
    path: '/api/v1/search/',
    params: { q: termOf(subject), size: String(RESULTS_MAX) },
    headers: key === '' ? {} : { 'api-key': key },
  }),
  response: Response,
  judge: ({ results, total = results.length }) => {
    const [latest] = results;
    if (latest === undefined) return neverHeardOf('nobody has had it scanned');
    const malicious = results.filter(({ verdicts }) => verdicts?.malicious === true);
    const { _id: id } = malicious[0] ?? latest;
    const brands = [...new Set(malicious.flatMap(({ verdicts }) => (verdicts?.brands ?? []).map(String)))];
    return {
      status: 'known',
      ...verdictOf(results, malicious),
      summary: `${malicious.length} of the last ${results.length} scans called malicious`,
      link: `https://urlscan.io/result/${encodeURIComponent(id)}/`,
      evidence: {
        scans: total,
        looked_at: results.length,
        malicious: malicious.length,
        brands: brands.slice(0, 10),
        last_scanned_at: latest.task?.time,
        last_page: latest.page,
      },
    };
  },
});

const termOf = ({ type, value }: Subject): string =>
  `${FIELDS[type]}:"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

/** One bad page does not make the place bad that it was on: half of what was judged does. */
function verdictOf(
  results: readonly Result[],
  malicious: readonly Result[],
): Pick<Judgement, 'verdict' | 'score'> {
  if (malicious.length === 0) return { verdict: 'unknown', score: null };
  const judged = results.filter(({ verdicts }) => verdicts?.malicious !== undefined);
  const score = Math.max(
    ...malicious.map(({ verdicts }) => Math.min(100, Math.max(0, verdicts?.score ?? 50))),
  );
  const isMostly = malicious.length * 2 >= judged.length;
  return isMostly ? { verdict: 'malicious', score } : { verdict: 'suspicious', score: Math.min(score, 60) };
}
