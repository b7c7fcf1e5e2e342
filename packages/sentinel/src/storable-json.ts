// Half of a surrogate pair, or NUL: neither has a place in Postgres's text and jsonb.
const UNSTORABLE = /[\0\p{Surrogate}]/gu;
/** As JSON writes them; it may also meet an escaped backslash, which costs a walk and changes nothing. */
const MAY_HOLD_UNSTORABLE = /\\u0000|\\ud[89a-f]/i;

const storableText = (text: string): string => text.replace(UNSTORABLE, '\uFFFD');

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), storable(item)]));
}

/** Parses JSON into what jsonb can hold: NUL and lone surrogates become U+FFFD, all else stays as it is. */
export function parseStorableJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return MAY_HOLD_UNSTORABLE.test(text) ? storable(value) : value;
}
