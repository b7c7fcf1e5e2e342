/** A calendar amount of time, as ISO 8601 writes it; a week is seven days. */
export interface Duration {
  readonly months: number;
  readonly days: number;
  readonly ms: number;
}

/** Times from `from` (itself included) to `to` (itself not included); null is without an end. */
export interface Timespan {
  readonly from: Date;
  readonly to: Date | null;
}

const DURATION =
  /^P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d{1,3}))?S)?)?$/i;

const TIME = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/i;

const MAX_DAYS = 36_600;
const MS_PER_DAY = 86_400_000;

/** Reads `P7D`, `PT12H`, `P1M2DT3H`; undefined for anything else, for no time at all and for over a century. */
export function parseDuration(text: string): Duration | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1, 8)
    .map((digits) => Number(digits ?? 0));
  const duration = {
    months: years * 12 + months,
    days: weeks * 7 + days,
    ms: ((hours * 60 + minutes) * 60 + seconds) * 1_000 + Number((match[8] ?? '').padEnd(3, '0')),
  };
  const roughDays = duration.months * 30.5 + duration.days + duration.ms / MS_PER_DAY;
  return roughDays > 0 && roughDays <= MAX_DAYS ? duration : undefined;
}

/** Moves a time by a duration, in UTC; a day that the month lacks becomes its last one. */
export function addDuration(time: Date, { months, days, ms }: Duration, sign: 1 | -1): Date {
  const moved = new Date(time);
  if (months > 0) {
    const day = moved.getUTCDate();
    moved.setUTCDate(1);
    moved.setUTCMonth(moved.getUTCMonth() + sign * months);
    const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
    moved.setUTCDate(Math.min(day, lastDay));
  }
  return new Date(moved.getTime() + sign * (days * MS_PER_DAY + ms));
}

/** RFC 3339, or ISO 8601's date alone; without an offset it is UTC. */
function parseTime(text: string): Date | undefined {
  const match = TIME.exec(text);
  const [year = 0, month = 0, day = 0] = match?.[1]?.split('-').map(Number) ?? [];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (!match || year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const hasTime = text.length > 10;
  const time = new Date(hasTime && match[2] === undefined ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/**
 * Reads a duration back from `now`, or an interval: `start/end`, `start/duration`, `duration/end`.
 * Answers what is wrong, as a sentence, where it is neither.
 */
export function parseTimespan(text: string, now: Date): Timespan | string {
  const parts = text.trim().split('/');
  const [first = '', second = ''] = parts;
  if (parts.length === 1) {
    const duration = parseDuration(first);
    return duration
      ? { from: addDuration(now, duration, -1), to: null }
      : 'is an ISO 8601 duration such as P7D or PT12H, or an interval start/end';
  }
  const [start, end] = [parseTime(first), parseTime(second)];
  const [before, after] = [parseDuration(first), parseDuration(second)];
  const from = start ?? (before && end ? addDuration(end, before, -1) : undefined);
  const to = end ?? (after && start ? addDuration(start, after, 1) : undefined);
  if (parts.length > 2 || !from || !to)
    return 'is an interval of two RFC 3339 times, start/end, or of one and a duration';
  return from < to ? { from, to } : 'has a start that is not before its end';
}
