import { z } from 'zod';
import type { Reply } from '../http-routes.ts';
import { day, ok, type SimulatedProvider } from './simulated-provider.ts';

const said = (status: number, message: string): Reply => ({ status, body: { message } });

const NOT_OBSERVED = 'IP not observed scanning the internet or contained in RIOT data set.';

export const greynoise: SimulatedProvider = {
  name: 'greynoise',
  kinds: ['ip'],
  credential: {
    header: 'key',
    isOptional: true,
    missing: said(401, 'unauthorized'),
    wrong: said(401, 'unauthorized'),
  },
  answer: z.looseObject({
    noise: z.boolean().optional(),
    riot: z.boolean().optional(),
    classification: z.enum(['benign', 'malicious', 'suspicious', 'unknown']).optional(),
    name: z.string().optional(),
    link: z.url().optional(),
    last_seen: z.string().optional(),
  }),
  time: day,
  endpoints: [{ method: 'GET', path: '/v3/community/:ip', asked: ({ params }) => params['ip'] }],
  known: ({ value: ip }, answer) =>
    ok({
      ip,
      noise: false,
      riot: false,
      classification: 'unknown',
      name: 'unknown',
      link: `https://viz.greynoise.io/${answer['riot'] === true ? 'riot' : 'ip'}/${ip}`,
      last_seen: '2026-01-01',
      message: 'Success',
      ...answer,
    }),
  unknown: ({ value: ip }) => ({
    status: 404,
    body: { ip, noise: false, riot: false, message: NOT_OBSERVED },
  }),
  invalid: () => said(400, 'Request is not a valid routable IPv4 address'),
  tooMany: {
    plan: 'unauthenticated',
    'rate-limit': '100-lookups/day',
    plan_url: 'https://greynoise.io/pricing',
    message:
      'You have hit your daily rate limit of 100 requests per day. Please create a free account or upgrade your plan at https://greynoise.io/pricing.',
  },
};
