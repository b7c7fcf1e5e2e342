import { z } from 'zod';

// Postgres holds neither NUL nor half of a surrogate pair, as text or within JSON.
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const isStorable = (given: string): boolean => !UNSTORABLE.test(given);
const NO_TEXT = 'holds a character that is no text';

/** Text that somebody wrote, with what surrounds it trimmed away; not empty. */
export const text = (maxLength: number) =>
  z.string().trim().min(1).max(maxLength).refine(isStorable, NO_TEXT);

/** An id in a path: what could be none of ours is looked for and not found, as long as it can be asked for. */
export const idInPath = () => z.string().max(64).refine(isStorable, NO_TEXT);

/** Keeps the first of equal items. */
export const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** A value of an enumeration in whatever case a client writes it. */
export const anyCase = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.toLowerCase() : value), schema);

/** A query parameter that may be given once or again. */
export const repeatable = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(schema).max(20)).optional();
