import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';

const Response = z.object({
  data: z.object({
    abuseConfidenceScore: z.number().min(0).max(100),
    totalReports: z.number(),
    numDistinctUsers: z.number().optional(),
    isWhitelisted: z.boolean().nullish(),
    isTor: z.boolean().nullish(),
    countryCode: z.string().nullish(),
    usageType: z.string().nullish(),
    isp: z.string().nullish(),
    domain: z.string().nullish(),
    lastReportedAt: z.string().nullish(),
  }),
});
type Report = z.output<typeof Response>['data'];

const HOUR_S = 3_600;
const MAX_AGE_DAYS = 90;

export const abuseipdb = defineProvider({
  name: 'abuseipdb',
  entityTypes: ['ip'],
  reliability: 'C',
  baseUrl: 'https://api.abuseipdb.com',
  access: 'key',
  limits: { perMinute: 60, perDay: 1_000, concurrency: 20 },
  timeoutMs: 8_000,
  ttlS: { malicious: 12 * HOUR_S, suspicious: 6 * HOUR_S, benign: 24 * HOUR_S, unknown: 6 * HOUR_S },
  request: ({ value }, key) => ({
    path: '/api/v2/check',
    params: { ipAddress: value, maxAgeInDays: String(MAX_AGE_DAYS) },
    headers: { key },
  }),
  response: Response,
  judge: ({ data }, { value }) => {
    const { totalReports, abuseConfidenceScore: score } = data;
    if (totalReports === 0 && data.isWhitelisted !== true)
      return neverHeardOf(`nobody has reported it in ${MAX_AGE_DAYS} days`);
    return {
      status: 'known',
      verdict: verdictOf(data),
      score,
      summary: `abuse confidence ${score} %, ${totalReports} ${totalReports === 1 ? 'report' : 'reports'}`,
      link: `https://www.abuseipdb.com/check/${encodeURIComponent(value)}`,
      evidence: {
        abuse_confidence: score,
        reports: totalReports,
        reporters: data.numDistinctUsers,
        is_whitelisted: data.isWhitelisted,
        is_tor: data.isTor,
        country: data.countryCode,
        usage: data.usageType,
        isp: data.isp,
        domain: data.domain,
        last_reported_at: data.lastReportedAt,
      },
    };
  },
});

/** What a few people reported says little: its own advice is to act from 75 on. */
function verdictOf({ abuseConfidenceScore, isWhitelisted }: Report): Judgement['verdict'] {
  if (isWhitelisted === true) return 'benign';
  if (abuseConfidenceScore >= 75) return 'malicious';
  return abuseConfidenceScore >= 25 ? 'suspicious' : 'unknown';
}
