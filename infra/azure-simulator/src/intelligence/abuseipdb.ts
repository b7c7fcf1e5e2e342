import { isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import {
  type Answer,
  count,
  isoTime,
  ok,
  percent,
  type SimulatedProvider,
  texts,
} from './simulated-provider.ts';

const refusal = (status: number, detail: string, more: Answer = {}): Reply => ({
  status,
  body: { errors: [{ detail, status, ...more }] },
});

const KEY_REFUSED = refusal(
  401,
  'Authentication failed. Your API key is either missing, incorrect, or revoked. Note: The APIv2 key differs from the APIv1 key.',
);

const report = (ipAddress: string, answer: Answer): Reply =>
  ok({
    data: {
      ipAddress,
      isPublic: true,
      ipVersion: isIPv6(ipAddress) ? 6 : 4,
      isWhitelisted: null,
      abuseConfidenceScore: 0,
      countryCode: null,
      usageType: null,
      isp: null,
      domain: null,
      hostnames: [],
      isTor: false,
      totalReports: 0,
      numDistinctUsers: 0,
      lastReportedAt: null,
      ...answer,
    },
  });

export const abuseipdb: SimulatedProvider = {
  name: 'abuseipdb',
  kinds: ['ip'],
  credential: { header: 'key', missing: KEY_REFUSED, wrong: KEY_REFUSED },
  answer: z.looseObject({
    abuseConfidenceScore: percent.optional(),
    totalReports: count.optional(),
    numDistinctUsers: count.optional(),
    countryCode: z.string().nullish(),
    usageType: z.string().nullish(),
    isp: z.string().nullish(),
    domain: z.string().nullish(),
    hostnames: texts.optional(),
    isTor: z.boolean().optional(),
    isWhitelisted: z.boolean().nullish(),
    lastReportedAt: z.string().nullish(),
  }),
  time: isoTime,
  endpoints: [
    { method: 'GET', path: '/api/v2/check', asked: ({ query }) => query.get('ipAddress') ?? undefined },
  ],
  known: ({ value }, answer) => {
    const score = Number(answer['abuseConfidenceScore'] ?? 0);
    const totalReports = answer['totalReports'] ?? Math.ceil(score / 4);
    return report(value, { totalReports, numDistinctUsers: totalReports, ...answer });
  },
  unknown: ({ value }) => report(value, {}),
  invalid: () =>
    refusal(
      422,
      'The ip address must be a valid IPv4 or IPv6 address (e.g. 8.8.8.8 or 2001:4860:4860::8888).',
      {
        source: { parameter: 'ipAddress' },
      },
    ),
  tooMany: {
    errors: [
      {
        detail:
          'Daily rate limit of 1000 requests exceeded for this endpoint. See headers for additional details.',
        status: 429,
      },
    ],
  },
};
