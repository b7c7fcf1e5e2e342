import { z } from 'zod';

// Postgres holds neither NUL nor half of a surrogate pair, as text or within JSON.
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Text that somebody wrote, with what surrounds it trimmed away; not empty. */
export const text = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((given) => !UNSTORABLE.test(given), 'holds a character that is no text');

/** Keeps the first of equal items. */
export const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** A value of an enumeration in whatever case a client writes it. */
export const anyCase = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), schema);

/** A query parameter that may be given once or again. */
export const repeatable = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(schema).max(20)).optional();
