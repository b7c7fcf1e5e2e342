import { z } from 'zod';
import { type Endpoint, ok, percent, plainTime, type SimulatedProvider } from './simulated-provider.ts';

const ALGORITHMS = { md5: ['MD5', 32], sha1: ['SHA-1', 40], sha256: ['SHA-256', 64] } as const;
const LABELS: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA-1', 64: 'SHA-256' };

const endpoint = (name: keyof typeof ALGORITHMS): Endpoint => ({
  method: 'GET',
  path: `/lookup/${name}/:hash`,
  asked: ({ params }) => (params['hash']?.length === ALGORITHMS[name][1] ? params['hash'] : undefined),
});

/** CIRCL's list of known files; it has no keys. */
export const hashlookup: SimulatedProvider = {
  name: 'hashlookup',
  kinds: ['hash'],
  answer: z.looseObject({
    FileName: z.string().optional(),
    source: z.string().optional(),
    'hashlookup:trust': percent.optional(),
    KnownMalicious: z.string().optional(),
  }),
  time: plainTime,
  endpoints: [endpoint('md5'), endpoint('sha1'), endpoint('sha256')],
  known: ({ value }, answer) =>
    ok({
      [LABELS[value.length] ?? 'SHA-512']: value.toUpperCase(),
      'hashlookup:parent-total': 0,
      'hashlookup:trust': 50,
      ...answer,
    }),
  unknown: ({ value }) => ({
    status: 404,
    body: { message: `Non existing ${LABELS[value.length] ?? 'hash'}`, query: value },
  }),
  invalid: (_, { path }) => {
    const [label] = ALGORITHMS[path.split('/').at(-2) as keyof typeof ALGORITHMS] ?? ['hash'];
    return {
      status: 400,
      body: { message: `${label} value incorrect, expecting a ${label} value in hex format` },
    };
  },
  tooMany: { message: 'Too many requests' },
};
