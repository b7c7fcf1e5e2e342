import { z } from 'zod';

const WHOLE = /^(?:0|[1-9]\d{0,9})$/;
const OFFSET_MAX = 2_147_483_647;

/** A whole number in a query: plain digits, no sign, space, exponent or leading zero. */
export const queryInt = (min: number, max: number) =>
  z.preprocess(
    (given) => (typeof given === 'string' && WHOLE.test(given) ? Number(given) : given),
    z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`),
  );

/** `true` or `false` in a query. */
export const queryFlag = z.enum(['true', 'false']).transform((given) => given === 'true');

/** What every list takes; a list's own query extends it. */
export const PageQuery = z.object({
  limit: queryInt(1, 100).default(20),
  offset: queryInt(0, OFFSET_MAX).default(0),
  cursor: z
    .string()
    .min(1)
    .max(2_000)
    .optional()
    .meta({ description: 'A `next_cursor`, under the same filters: goes on without gaps or repeats.' }),
});
export type PageQuery = z.output<typeof PageQuery>;

/** Totals are counted up to here and then said to be at least this. */
export const TOTAL_MAX = 10_000;

export const TotalRelation = z.enum(['eq', 'gte']).meta({
  id: 'TotalRelation',
  description: '`gte`: there are at least `total`, and they were not counted further.',
});
export type TotalRelation = z.output<typeof TotalRelation>;

/** The answer of a list of `item`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    total: z.int(),
    total_relation: TotalRelation,
    limit: z.int(),
    offset: z.int(),
    next_cursor: z.string().nullable(),
  });

export interface Page<T> {
  items: T[];
  total: number;
  total_relation: TotalRelation;
  limit: number;
  offset: number;
  next_cursor: string | null;
}

/** Puts a page together; `counted` may be one more than `TOTAL_MAX`, which is where counting stops. */
export const toPage = <T>(
  items: readonly T[],
  counted: number,
  { limit, offset }: Pick<PageQuery, 'limit' | 'offset'>,
  next_cursor: string | null,
): Page<T> => ({
  items: [...items],
  total: Math.min(counted, TOTAL_MAX),
  total_relation: counted > TOTAL_MAX ? 'gte' : 'eq',
  limit,
  offset,
  next_cursor,
});
