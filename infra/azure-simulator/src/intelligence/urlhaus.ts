import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import { abuseChCredential } from './abuse-ch.ts';
import type { Indicator } from './indicator.ts';
import {
  type Answer,
  objectsIn,
  ok,
  plainTime,
  readForm,
  type SimulatedProvider,
} from './simulated-provider.ts';

const status = (query_status: string): Reply => ok({ query_status });

const SITE = 'https://urlhaus.abuse.ch';

const link = (given: Answer): Answer => ({
  id: '3412877',
  urlhaus_reference: `${SITE}/url/3412877/`,
  url_status: 'offline',
  threat: 'malware_download',
  reporter: 'abuse_ch',
  larted: 'true',
  tags: null,
  ...given,
});

function body({ kind, value }: Indicator, answer: Answer): Answer {
  if (kind === 'url') return link({ url: value, host: new URL(value).hostname, payloads: [], ...answer });
  const urls = objectsIn(answer['urls']).map(link);
  const listed = { url_count: String(urls.length), ...answer, urls };
  if (kind === 'hash') return { [value.length === 32 ? 'md5_hash' : 'sha256_hash']: value, ...listed };
  return { urlhaus_reference: `${SITE}/host/${value}/`, host: value, ...listed };
}

export const urlhaus: SimulatedProvider = {
  name: 'urlhaus',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: abuseChCredential,
  answer: z.looseObject({
    query_status: z.string().optional(),
    url_status: z.enum(['online', 'offline', 'unknown']).optional(),
    threat: z.string().optional(),
    url_count: z.union([z.string().regex(/^\d+$/), z.int()]).optional(),
    urls: z.array(z.looseObject({ url: z.string() })).optional(),
    signature: z.string().nullish(),
    blacklists: z.record(z.string(), z.string()).optional(),
    tags: z.array(z.string()).nullish(),
  }),
  time: (time) => `${plainTime(time)} UTC`,
  endpoints: [
    { method: 'POST', path: '/v1/url', asked: (call) => readForm(call).get('url') },
    { method: 'POST', path: '/v1/host', asked: (call) => readForm(call).get('host') },
    {
      method: 'POST',
      path: '/v1/payload',
      asked: (call) => readForm(call).get('sha256_hash') ?? readForm(call).get('md5_hash'),
    },
  ],
  known: (indicator, answer) => ok({ query_status: 'ok', ...body(indicator, answer) }),
  unknown: () => status('no_results'),
  invalid: (_, { path }) => status(`invalid_${/(url|host|payload)\/?$/i.exec(path)?.[1] ?? 'url'}`),
  tooMany: { query_status: 'rate_limited' },
};
