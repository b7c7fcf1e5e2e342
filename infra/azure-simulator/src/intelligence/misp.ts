import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import type { Indicator } from './indicator.ts';
import {
  type Answer,
  epochSeconds,
  isText,
  objectsIn,
  ok,
  readJson,
  type SimulatedProvider,
} from './simulated-provider.ts';

const REFUSED =
  'Authentication failed. Please make sure you pass the API key of an API enabled user along in the Authorization header.';
const KEY_REFUSED: Reply = {
  status: 403,
  body: { name: REFUSED, message: REFUSED, url: '/attributes/restSearch' },
};

const HASH_TYPES: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

function typeOf({ kind, value }: Indicator): string {
  if (kind === 'hash') return HASH_TYPES[value.length] ?? 'other';
  return kind === 'ip' ? 'ip-dst' : kind;
}

function attribute(indicator: Indicator, given: Answer): Answer {
  const hex = createHash('sha256').update(indicator.value).digest('hex');
  const uuid = hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
  const event = { id: '1207', info: '', org_id: '1', orgc_id: '1', distribution: '1', published: true };
  return {
    id: String(Number.parseInt(hex.slice(0, 5), 16)),
    event_id: '1207',
    object_id: '0',
    category: indicator.kind === 'hash' ? 'Payload delivery' : 'Network activity',
    type: typeOf(indicator),
    to_ids: true,
    uuid,
    distribution: '5',
    comment: '',
    deleted: false,
    value: indicator.value,
    ...given,
    Event: { ...event, uuid, ...(given['Event'] as Answer | undefined) },
  };
}

export const misp: SimulatedProvider = {
  name: 'misp',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: { header: 'authorization', missing: KEY_REFUSED, wrong: KEY_REFUSED },
  answer: z.looseObject({
    response: z.looseObject({
      Attribute: z.array(
        z.looseObject({
          type: z.string().optional(),
          to_ids: z.boolean().optional(),
          comment: z.string().optional(),
          Tag: z.array(z.looseObject({ name: z.string() })).optional(),
          Event: z.looseObject({ info: z.string().optional() }).optional(),
        }),
      ),
    }),
  }),
  time: (time) => String(epochSeconds(time)),
  endpoints: [
    {
      method: 'POST',
      path: '/attributes/restSearch',
      asked: (call) => [readJson(call)['value']].flat().find(isText),
    },
  ],
  known: (indicator, answer) => {
    const given = (answer['response'] ?? {}) as Answer;
    const attributes = objectsIn(given['Attribute']).map((one) => attribute(indicator, one));
    return ok({ ...answer, response: { ...given, Attribute: attributes } });
  },
  unknown: () => ok({ response: { Attribute: [] } }),
  invalid: () => ok({ response: { Attribute: [] } }),
  tooMany: { name: 'Rate limit exceeded.', message: 'Rate limit exceeded.', url: '/attributes/restSearch' },
};
