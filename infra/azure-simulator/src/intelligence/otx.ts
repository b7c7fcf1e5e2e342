import { z } from 'zod';
import type { Call, Reply } from '../http-routes.ts';
import type { Indicator } from './indicator.ts';
import { type Answer, count, objectsIn, ok, type SimulatedProvider, texts } from './simulated-provider.ts';

const SECTIONS = [
  'general',
  'geo',
  'reputation',
  'url_list',
  'passive_dns',
  'malware',
  'nids_list',
  'http_scans',
];
const TYPES = ['ipv4', 'ipv6', 'domain', 'hostname', 'file', 'url'];

const refusal = (status: number, detail: string): Reply => ({ status, body: { detail } });

const askedIndicator = ({ params }: Call): string | undefined =>
  TYPES.includes((params['type'] ?? '').toLowerCase()) ? params['indicator'] : undefined;

function general({ value }: Indicator, answer: Answer, { params }: Call): Reply {
  const given = (answer['pulse_info'] ?? {}) as Answer;
  const pulses = objectsIn(given['pulses']).map((pulse) => ({
    description: '',
    tags: [],
    references: [],
    malware_families: [],
    attack_ids: [],
    adversary: '',
    TLP: 'white',
    ...pulse,
  }));
  return ok({
    indicator: value,
    type: params['type'],
    type_title: params['type'],
    sections: SECTIONS,
    validation: [],
    false_positive: [],
    base_indicator: {},
    ...answer,
    pulse_info: { count: pulses.length, references: [], ...given, pulses },
  });
}

export const otx: SimulatedProvider = {
  name: 'otx',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: {
    header: 'x-otx-api-key',
    missing: refusal(403, 'Authentication required'),
    wrong: refusal(403, 'Invalid API key'),
  },
  answer: z.looseObject({
    pulse_info: z
      .looseObject({
        count: count.optional(),
        pulses: z.array(z.looseObject({ name: z.string(), tags: texts.optional() })).optional(),
      })
      .optional(),
    reputation: z.number().optional(),
    validation: z.array(z.looseObject({})).optional(),
  }),
  time: (time) => time.toISOString().replace('Z', '000'),
  endpoints: [{ method: 'GET', path: '/api/v1/indicators/:type/:indicator/general', asked: askedIndicator }],
  known: general,
  unknown: (indicator, call) => general(indicator, {}, call),
  invalid: () => refusal(400, 'invalid indicator'),
  tooMany: { detail: 'Request was throttled.' },
};
