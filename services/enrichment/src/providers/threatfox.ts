import { readAddress } from '@socmate/entities';
import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';
import { ProviderFault } from '../intelligence/provider-fault.ts';
import type { Subject } from '../intelligence/subject.ts';

const Ioc = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  ioc: z.string(),
  threat_type: z.string().nullish(),
  malware_printable: z.string().nullish(),
  confidence_level: z.coerce.number().min(0).max(100),
  first_seen: z.string().nullish(),
  last_seen: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
});
type Ioc = z.output<typeof Ioc>;
// Where there is nothing, `data` is a sentence.
const Response = z.object({ query_status: z.string(), data: z.union([z.array(Ioc), z.string()]).optional() });

const HOUR_S = 3_600;

export const threatfox = defineProvider({
  name: 'threatfox',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  accepts: ({ type, value }) => type !== 'hash' || value.length <= 64,
  reliability: 'B',
  baseUrl: 'https://threatfox-api.abuse.ch',
  access: 'key',
  limits: { perMinute: 60, concurrency: 20 },
  timeoutMs: 8_000,
  ttlS: { malicious: 24 * HOUR_S, suspicious: 12 * HOUR_S, benign: 24 * HOUR_S, unknown: 6 * HOUR_S },
  request: ({ type, value }, key) => ({
    method: 'POST',
    path: '/api/v1/',
    // An address is listed with its port, and found by a part of that alone.
    json: { query: 'search_ioc', search_term: value, exact_match: type !== 'ip' },
    headers: { 'auth-key': key },
  }),
  response: Response,
  judge: ({ query_status, data }, subject) => {
    if (query_status === 'no_result') return neverHeardOf('has never heard of it');
    if (query_status !== 'ok' || !Array.isArray(data))
      throw new ProviderFault('status', `answered "${query_status.slice(0, 50)}"`);
    const [best, ...others] = data
      .filter(({ ioc }) => isAbout(ioc, subject))
      .sort((a, b) => b.confidence_level - a.confidence_level);
    if (best === undefined) return neverHeardOf('has never heard of it');
    return {
      status: 'known',
      ...verdictOf(best),
      summary: `${best.threat_type ?? 'threat'} of ${best.malware_printable ?? 'unknown malware'}, confidence ${best.confidence_level} %`,
      ...(best.id === undefined
        ? {}
        : { link: `https://threatfox.abuse.ch/ioc/${encodeURIComponent(best.id)}/` }),
      evidence: {
        ioc: best.ioc,
        threat_type: best.threat_type,
        malware: best.malware_printable,
        confidence: best.confidence_level,
        entries: others.length + 1,
        first_seen: best.first_seen,
        last_seen: best.last_seen,
        tags: (best.tags ?? []).slice(0, 20),
      },
    };
  },
});

/** A search for 1.2.3.4 finds 11.2.3.4:80 as well. */
function isAbout(ioc: string, { type, value }: Subject): boolean {
  if (type !== 'ip') return ioc.toLowerCase() === value.toLowerCase() || type === 'url';
  const host = ioc.replace(/^\[([^\]]*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return readAddress(host)?.text === value;
}

/** Below 50 its reporters are themselves not sure. */
const verdictOf = ({ confidence_level }: Ioc): Pick<Judgement, 'verdict' | 'score'> => ({
  verdict: confidence_level >= 50 ? 'malicious' : 'suspicious',
  score: confidence_level,
});
