const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})$/i;
const DURATION = /^(-)?P(?!$)(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * An instant as Azure writes it, in UTC with seven decimals. Its text sorts as its time does, and keeps
 * the 100 ns that a JavaScript number or Date would lose.
 */
export type Instant = string;

export const instantAt = (ms: number, ticks = 0): Instant =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(ticks).padStart(4, '0')}Z`;

/** An ISO time with its zone; undefined for anything else. */
export function parseInstant(text: string): Instant | undefined {
  const [matched, minute, second = '00', fraction = '', zone = 'Z'] = INSTANT.exec(text) ?? [];
  if (!matched) return undefined;
  const ms = Date.parse(`${minute}:${second}${zone}`.toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, '0')}Z`;
}

/** The given time, or the next 100 ns after `previous` if that is not earlier. */
export function laterThan(previous: Instant, wanted: Instant): Instant {
  if (wanted > previous) return wanted;
  const ms = Date.parse(`${previous.slice(0, 23)}Z`);
  const ticks = Number(previous.slice(23, 27)) + 1;
  return ticks < 10_000 ? instantAt(ms, ticks) : instantAt(ms + 1);
}

/** Milliseconds of `P1DT2H`, `-PT40M`, `PT0.5S`; months and years have no fixed length and are refused. */
export function parseDuration(text: string): number | undefined {
  const [matched, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(text) ?? [];
  if (!matched) return undefined;
  const ms = (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign ? -ms : ms;
}

/** Every duration in the value, however deep, becomes the instant that lies so far from `at`. */
export function resolveTimes<T>(value: T, at: Date): T {
  return resolve(value, at) as T;
}

function resolve(value: unknown, at: Date): unknown {
  if (typeof value === 'string') {
    const offset = parseDuration(value);
    return offset === undefined ? value : instantAt(at.getTime() + offset);
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, at));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, at)]));
}
