import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import { type Answer, type SimulatedProvider, texts } from './simulated-provider.ts';

const RDAP = { 'content-type': 'application/rdap+json' };
const CONFORMANCE = ['rdap_level_0'];

const reply = (status: number, body: Answer): Reply => ({ status, headers: RDAP, body });

const refusal = (errorCode: number, title: string, description: string): Reply =>
  reply(errorCode, { rdapConformance: CONFORMANCE, errorCode, title, description: [description] });

/** A registry's own answer; there are no keys. */
export const rdap: SimulatedProvider = {
  name: 'rdap',
  kinds: ['ip', 'domain'],
  answer: z.looseObject({
    handle: z.string().optional(),
    name: z.string().optional(),
    country: z.string().optional(),
    status: texts.optional(),
    events: z.array(z.looseObject({ eventAction: z.string(), eventDate: z.string() })).optional(),
    entities: z.array(z.looseObject({ roles: texts.optional() })).optional(),
  }),
  time: (time) => time.toISOString().replace(/\.\d{3}Z$/, 'Z'),
  endpoints: [
    { method: 'GET', path: '/ip/:ip', asked: ({ params }) => params['ip'] },
    { method: 'GET', path: '/domain/:domain', asked: ({ params }) => params['domain'] },
  ],
  known: ({ kind, value }, answer) =>
    reply(200, {
      rdapConformance: CONFORMANCE,
      ...(kind === 'ip'
        ? { objectClassName: 'ip network', ipVersion: value.includes(':') ? 'v6' : 'v4', handle: value }
        : { objectClassName: 'domain', ldhName: value, handle: value }),
      status: ['active'],
      events: [],
      entities: [],
      ...answer,
    }),
  unknown: ({ value }) => refusal(404, 'Not Found', `No record of ${value} was found`),
  invalid: () => refusal(400, 'Bad Request', 'The query is not valid'),
  tooMany: { rdapConformance: CONFORMANCE, errorCode: 429, title: 'Too Many Requests', description: [] },
};
