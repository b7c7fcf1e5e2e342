import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import { abuseChCredential } from './abuse-ch.ts';
import type { Indicator } from './indicator.ts';
import {
  type Answer,
  isText,
  objectsIn,
  ok,
  percent,
  plainTime,
  readJson,
  type SimulatedProvider,
} from './simulated-provider.ts';

const status = (query_status: string, data: string): Reply => ok({ query_status, data });

const iocType = ({ kind, value }: Indicator): string =>
  kind === 'hash' ? `${{ 32: 'md5', 40: 'sha1', 64: 'sha256' }[value.length] ?? 'sha3_384'}_hash` : kind;

function entry(indicator: Indicator, given: Answer): Answer {
  return {
    id: '1204417',
    ioc: indicator.kind === 'ip' ? `${indicator.value}:443` : indicator.value,
    threat_type: indicator.kind === 'hash' ? 'payload' : 'botnet_cc',
    ioc_type: indicator.kind === 'ip' ? 'ip:port' : iocType(indicator),
    malware: 'unknown',
    malware_printable: 'Unknown malware',
    malware_alias: null,
    confidence_level: 50,
    last_seen: null,
    reference: null,
    reporter: 'abuse_ch',
    tags: null,
    ...given,
  };
}

export const threatfox: SimulatedProvider = {
  name: 'threatfox',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: abuseChCredential,
  answer: z.looseObject({
    query_status: z.string().optional(),
    data: z.array(
      z.looseObject({
        ioc: z.string().optional(),
        threat_type: z.string().optional(),
        malware_printable: z.string().optional(),
        confidence_level: percent.optional(),
        tags: z.array(z.string()).nullish(),
      }),
    ),
  }),
  time: (time) => `${plainTime(time)} UTC`,
  endpoints: [
    {
      method: 'POST',
      path: '/api/v1',
      asked: (call) => {
        const { query, search_term, hash } = readJson(call);
        const asked = { search_ioc: search_term, search_hash: hash }[String(query)];
        return isText(asked) && asked !== '' ? asked : undefined;
      },
    },
  ],
  known: (indicator, answer) => {
    const data = objectsIn(answer['data']).map((given) => entry(indicator, given));
    return ok({ query_status: 'ok', ...answer, data });
  },
  unknown: () => status('no_result', 'Your search did not yield any results'),
  invalid: (asked) =>
    asked === undefined
      ? status('unknown_operation', 'Please check your query')
      : status('illegal_search_term', 'The search term you have provided is not valid'),
  tooMany: { query_status: 'rate_limited' },
};
