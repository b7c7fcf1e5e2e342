import { z } from 'zod';
import { defineProvider, type Judgement, neverHeardOf } from '../intelligence/define-provider.ts';

const Attribute = z.object({
  id: z.coerce.string().optional(),
  event_id: z.coerce.string().optional(),
  category: z.string().optional(),
  type: z.string().optional(),
  to_ids: z.boolean().default(false),
  Tag: z.array(z.object({ name: z.string() })).default([]),
  Event: z
    .object({
      id: z.coerce.string().optional(),
      info: z.string().optional(),
      threat_level_id: z.coerce.string().optional(),
    })
    .optional(),
});
type Attribute = z.output<typeof Attribute>;
const Response = z.object({ response: z.object({ Attribute: z.array(Attribute) }) });

const HOUR_S = 3_600;
const ATTRIBUTES_MAX = 50;

/** The organisation's own: it has no address but the one that is configured. */
export const misp = defineProvider({
  name: 'misp',
  entityTypes: ['ip', 'domain', 'url', 'hash'],
  reliability: 'B',
  baseUrl: null,
  access: 'key',
  limits: { concurrency: 20 },
  timeoutMs: 10_000,
  ttlS: { malicious: 6 * HOUR_S, suspicious: 6 * HOUR_S, benign: 6 * HOUR_S, unknown: HOUR_S },
  request: ({ value }, key) => ({
    method: 'POST',
    path: '/attributes/restSearch',
    json: {
      returnFormat: 'json',
      value,
      limit: ATTRIBUTES_MAX,
      published: true,
      deleted: false,
      // What MISP's own lists call a false positive is left out.
      enforceWarninglist: true,
      includeEventTags: true,
      includeContext: true,
    },
    headers: { authorization: key, accept: 'application/json' },
  }),
  response: Response,
  judge: ({ response: { Attribute: attributes } }) => {
    const [first] = attributes.filter(({ to_ids }) => to_ids).concat(attributes);
    if (first === undefined) return neverHeardOf('no event names it');
    const tags = [...new Set(attributes.flatMap(({ Tag }) => Tag.map(({ name }) => name)))];
    const events = new Set(attributes.map(({ event_id, Event }) => event_id ?? Event?.id)).size;
    return {
      status: 'known',
      ...verdictOf(attributes),
      summary: `named in ${events} ${events === 1 ? 'event' : 'events'}, such as "${(first.Event?.info ?? '').slice(0, 120)}"`,
      evidence: {
        events,
        attributes: attributes.length,
        category: first.category,
        type: first.type,
        event: first.Event?.info,
        to_ids: attributes.some(({ to_ids }) => to_ids),
        tags: tags.slice(0, 20),
      },
    };
  },
});

/** `to_ids` is how an analyst says "detect this"; without it an attribute is context. */
function verdictOf(attributes: readonly Attribute[]): Pick<Judgement, 'verdict' | 'score'> {
  const wanted = attributes.filter(({ to_ids }) => to_ids);
  if (wanted.length === 0) return { verdict: 'unknown', score: null };
  const isHarmless = wanted.every(({ Tag }) => Tag.some(({ name }) => /false-positive/i.test(name)));
  if (isHarmless) return { verdict: 'unknown', score: null };
  // Threat levels: 1 high, 2 medium, 3 low, 4 undefined.
  const level = Math.min(...wanted.map(({ Event }) => Number(Event?.threat_level_id ?? 4) || 4));
  return level <= 2
    ? { verdict: 'malicious', score: level === 1 ? 95 : 85 }
    : { verdict: 'malicious', score: 75 };
}
