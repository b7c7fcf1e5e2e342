import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';
import { ProviderFault } from '../intelligence/provider-fault.ts';
import type { Subject } from '../intelligence/subject.ts';

const tags = z
  .array(z.string())
  .nullish()
  .transform((given) => given ?? []);
const Listed = z.object({
  url: z.string(),
  url_status: z.string().optional(),
  threat: z.string().nullish(),
  date_added: z.string().nullish(),
  tags,
});
const Response = z.object({
  query_status: z.string(),
  urlhaus_reference: z.string().optional(),
  url_status: z.string().optional(),
  threat: z.string().nullish(),
  url_count: z.coerce.number().optional(),
  signature: z.string().nullish(),
  firstseen: z.string().nullish(),
  blacklists: z.record(z.string(), z.string().nullable()).nullish(),
  urls: z.array(Listed).nullish(),
  tags,
});
type Answer = z.output<typeof Response>;

const HOUR_S = 3_600;

export const urlhaus = defineProvider({
  name: 'urlhaus',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  accepts: ({ type, value }) => type !== 'hash' || value.length === 32 || value.length === 64,
  reliability: 'B',
  baseUrl: 'https://urlhaus-api.abuse.ch',
  access: 'key',
  limits: { perMinute: 60, concurrency: 20 },
  timeoutMs: 8_000,
  ttlS: { malicious: 12 * HOUR_S, suspicious: 12 * HOUR_S, benign: 12 * HOUR_S, unknown: 3 * HOUR_S },
  request: (subject, key) => ({ method: 'POST', ...questionOf(subject), headers: { 'auth-key': key } }),
  response: Response,
  judge: (answer, subject) => {
    if (answer.query_status === 'no_results') return neverHeardOf('has never heard of it');
    if (answer.query_status !== 'ok')
      throw new ProviderFault('status', `answered "${answer.query_status.slice(0, 50)}"`);
    const urls = answer.urls ?? [];
    const online = urls.filter(({ url_status }) => url_status === 'online');
    const { urlhaus_reference: link = '' } = answer;
    return {
      status: 'known',
      ...verdictOf(answer, subject, online.length > 0),
      summary: summaryOf(answer, subject, online.length),
      ...(URL.canParse(link) ? { link } : {}),
      evidence: {
        url_status: answer.url_status,
        threat: answer.threat ?? urls[0]?.threat,
        urls: answer.url_count ?? urls.length,
        online: online.length,
        signature: answer.signature,
        blacklists: answer.blacklists ?? undefined,
        first_seen: answer.firstseen ?? undefined,
        tags: [...new Set([...answer.tags, ...urls.flatMap((url) => url.tags)])].slice(0, 20),
      },
    };
  },
});

function questionOf({ type, value }: Subject): { path: string; form: Record<string, string> } {
  if (type === 'url') return { path: '/v1/url/', form: { url: value } };
  if (type !== 'hash') return { path: '/v1/host/', form: { host: value } };
  return { path: '/v1/payload/', form: { [value.length === 32 ? 'md5_hash' : 'sha256_hash']: value } };
}

/** Its people saw malware come from there. A place that no longer serves it, or was broken into, may be clean by now. */
function verdictOf(
  { url_status, blacklists }: Answer,
  { type }: Subject,
  isOnline: boolean,
): Pick<Judgement, 'verdict' | 'score'> {
  if (type === 'hash') return { verdict: 'malicious', score: 90 };
  if (type === 'url') return { verdict: 'malicious', score: url_status === 'online' ? 100 : 80 };
  const isAbused = Object.values(blacklists ?? {}).some((mark) => mark?.startsWith('abused_legit') === true);
  if (isOnline && !isAbused) return { verdict: 'malicious', score: 90 };
  return { verdict: 'suspicious', score: 60 };
}

function summaryOf(
  { url_status, url_count, urls, signature }: Answer,
  { type }: Subject,
  online: number,
): string {
  if (type === 'url') return `serves malware, ${url_status ?? 'of unknown state'}`;
  const count = url_count ?? urls?.length ?? 0;
  if (type === 'hash')
    return `malware${signature == null ? '' : ` (${signature})`} that came from ${count} URLs`;
  return `malware came from ${count} of its URLs, ${online} of them online`;
}
