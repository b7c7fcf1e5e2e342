import { z } from 'zod';
import { isoTime, ok, type SimulatedProvider, texts } from './simulated-provider.ts';

const NOT_AN_ADDRESS = {
  loc: ['path', 'ip'],
  msg: 'value is not a valid IPv4 or IPv6 address',
  type: 'value_error.ipvanyaddress',
};

/** Shodan's free one; it has no keys. */
export const internetdb: SimulatedProvider = {
  name: 'internetdb',
  kinds: ['ip'],
  answer: z.looseObject({
    ports: z.array(z.int().min(1).max(65_535)).optional(),
    cpes: texts.optional(),
    hostnames: texts.optional(),
    tags: texts.optional(),
    vulns: texts.optional(),
  }),
  time: isoTime,
  endpoints: [{ method: 'GET', path: '/:ip', asked: ({ params }) => params['ip'] }],
  known: ({ value: ip }, answer) =>
    ok({ cpes: [], hostnames: [], ip, ports: [], tags: [], vulns: [], ...answer }),
  unknown: () => ({ status: 404, body: { detail: 'No information available' } }),
  invalid: () => ({ status: 422, body: { detail: [NOT_AN_ADDRESS] } }),
  tooMany: { detail: 'Rate limit exceeded' },
};
