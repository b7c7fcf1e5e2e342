import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Call, Reply } from '../http-routes.ts';
import type { Indicator } from './indicator.ts';
import {
  type Answer,
  count,
  type Endpoint,
  epochSeconds,
  ok,
  type SimulatedProvider,
  texts,
} from './simulated-provider.ts';

const COLLECTIONS = { ip: 'ip_addresses', domain: 'domains', hash: 'files', url: 'urls' } as const;
const TYPES = { ip: 'ip_address', domain: 'domain', hash: 'file', url: 'url' } as const;
const LABELS = { ip: 'IP address', domain: 'Domain', hash: 'File', url: 'URL' } as const;
const NO_STATS = { malicious: 0, suspicious: 0, undetected: 0, harmless: 0, timeout: 0 };

const Stats = z
  .strictObject({
    malicious: count,
    suspicious: count,
    undetected: count,
    harmless: count,
    timeout: count,
    'confirmed-timeout': count,
    failure: count,
    'type-unsupported': count,
  })
  .partial();

const refusal = (status: number, code: string, message: string): Reply => ({
  status,
  body: { error: { code, message } },
});

/** The whole address in base64url, without padding. */
const askedUrl = ({ params }: Call): string | undefined => {
  const text = Buffer.from(params['url'] ?? '', 'base64url').toString('utf8');
  return URL.canParse(text) ? text : undefined;
};

const endpoint = (name: 'ip' | 'domain' | 'hash'): Endpoint => ({
  method: 'GET',
  path: `/api/v3/${COLLECTIONS[name]}/:${name}`,
  asked: ({ params }) => params[name],
});

function idOf({ kind, value }: Indicator, attributes: Answer): string {
  if (kind === 'url') return createHash('sha256').update(value).digest('hex');
  const { sha256 } = attributes;
  return kind === 'hash' && typeof sha256 === 'string' ? sha256 : value;
}

function defaultsOf({ kind, value }: Indicator): Answer {
  if (kind === 'url') return { url: value, last_final_url: value, title: '' };
  if (kind !== 'hash') return { whois: '' };
  const name = { 32: 'md5', 40: 'sha1', 64: 'sha256' }[value.length];
  return name === undefined ? {} : { [name]: value };
}

function object(indicator: Indicator, attributes: Answer, { host }: Call): Reply {
  const id = idOf(indicator, attributes);
  const self = `https://${host}/ti/virustotal/api/v3/${COLLECTIONS[indicator.kind]}/${id}`;
  const stats = { ...NO_STATS, ...(attributes['last_analysis_stats'] as Answer | undefined) };
  const votes = { harmless: 0, malicious: 0 };
  const common = { ...defaultsOf(indicator), reputation: 0, tags: [], total_votes: votes };
  const filled = { ...common, ...attributes, last_analysis_stats: stats };
  return ok({ data: { id, type: TYPES[indicator.kind], links: { self }, attributes: filled } });
}

export const virustotal: SimulatedProvider = {
  name: 'virustotal',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: {
    header: 'x-apikey',
    missing: refusal(401, 'AuthenticationRequiredError', 'X-Apikey header is missing'),
    wrong: refusal(401, 'WrongCredentialsError', 'Wrong API key'),
  },
  answer: z.looseObject({
    last_analysis_stats: Stats.optional(),
    reputation: z.int().optional(),
    tags: texts.optional(),
  }),
  time: epochSeconds,
  endpoints: [
    endpoint('ip'),
    endpoint('domain'),
    endpoint('hash'),
    { method: 'GET', path: '/api/v3/urls/:url', asked: askedUrl },
  ],
  known: object,
  // It knows every address there is, and has looked at few of them.
  unknown: (indicator, call) =>
    indicator.kind === 'ip'
      ? object(indicator, {}, call)
      : refusal(404, 'NotFoundError', `${LABELS[indicator.kind]} "${indicator.value}" not found`),
  invalid: (asked) => refusal(400, 'InvalidArgumentError', `Invalid argument: "${asked ?? ''}"`),
  tooMany: { error: { code: 'QuotaExceededError', message: 'Quota exceeded' } },
};
