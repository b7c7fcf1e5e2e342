import { hashAlgorithm } from '@socmate/entities';
import { z } from 'zod';
import { defineProvider, type Judgement } from '../intelligence/define-provider.ts';

const Response = z.object({
  FileName: z.string().optional(),
  'hashlookup:trust': z.coerce.number().min(0).max(100).default(50),
  KnownMalicious: z.string().optional(),
  ProductName: z.string().optional(),
  ProductCode: z.union([z.object({ ProductName: z.string().optional() }), z.string(), z.number()]).optional(),
  source: z.string().optional(),
  db: z.string().optional(),
});
type Answer = z.output<typeof Response>;

const DAY_S = 86_400;
const ALGORITHMS = ['md5', 'sha1', 'sha256'];

export const hashlookup = defineProvider({
  name: 'hashlookup',
  entityTypes: ['hash'],
  accepts: ({ value }) => ALGORITHMS.includes(hashAlgorithm(value) ?? ''),
  reliability: 'B',
  baseUrl: 'https://hashlookup.circl.lu',
  access: 'switch',
  limits: { perMinute: 60, concurrency: 20 },
  timeoutMs: 8_000,
  ttlS: { malicious: DAY_S, suspicious: DAY_S, benign: 7 * DAY_S, unknown: DAY_S },
  request: ({ value }) => ({ path: `/lookup/${hashAlgorithm(value)}/${value}` }),
  notFound: z.object({ message: z.string(), query: z.string() }),
  response: Response,
  judge: (answer) => {
    const trust = answer['hashlookup:trust'];
    const { FileName, KnownMalicious, source, db, ProductCode } = answer;
    const product =
      answer.ProductName ?? (typeof ProductCode === 'object' ? ProductCode.ProductName : undefined);
    const name = product ?? FileName?.slice(-100) ?? 'a known file';
    return {
      status: 'known',
      ...verdictOf(answer),
      summary: KnownMalicious === undefined ? `${name}, trust ${trust} %` : `${name}, known as malicious`,
      evidence: { trust, file_name: FileName, product, source, db, known_malicious: KnownMalicious },
    };
  },
});

/** It lists files of known software, not good ones: 50 is "no opinion". */
function verdictOf(answer: Answer): Pick<Judgement, 'verdict' | 'score'> {
  if (answer.KnownMalicious !== undefined) return { verdict: 'malicious', score: 90 };
  const trust = answer['hashlookup:trust'];
  if (trust > 50) return { verdict: 'benign', score: 0 };
  return trust < 50 ? { verdict: 'suspicious', score: 50 - trust } : { verdict: 'unknown', score: null };
}
