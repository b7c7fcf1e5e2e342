import { z } from 'zod';
import { distinct } from './text.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const Day = z.enum(DAYS);
type Day = z.output<typeof Day>;

const clockTime = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 08:30')
  .meta({ example: '22:00' });

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const options = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const made = new Intl.DateTimeFormat('en-US', { ...options, timeZone });
  formats.set(timeZone, made);
  return made;
}

function isTimezone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

// A text that is no time ends the alternative: what is meant is the other one.
const moment = z.iso.datetime({
  offset: true,
  abort: true,
  error: 'a time such as 2026-11-22T08:00:00Z',
});

const OnceMuted = z
  .strictObject({ from: moment, until: moment })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    path: ['until'],
    message: 'lies after `from`',
  });

const WeeklyMuted = z.strictObject({
  days: z
    .array(Day)
    .min(1)
    .max(7)
    .transform(distinct)
    .meta({ description: 'The days on which the window begins.' }),
  from: clockTime,
  until: clockTime.meta({ description: 'On the next day where it is not after `from`.' }),
  timezone: z.string().max(100).refine(isTimezone, 'a name such as Europe/Berlin').default('UTC'),
});

const SHAPES =
  'is {"from", "until"} with a time each, or {"days", "from", "until", "timezone"} for every week';

/** When an endpoint is left alone: from one time to another, or every week. */
export const MuteWindow = z
  .union([OnceMuted, WeeklyMuted], { error: SHAPES })
  .meta({ id: 'MuteWindow', description: 'From one time until another, or on days of every week.' });
export type MuteWindow = z.output<typeof MuteWindow>;

/** The weekday and the time of day (`22:05`) somewhere. */
function localTime(now: Date, timezone: string): { day: Day; time: string } {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  return { day: Day.parse(parts['weekday']?.toLowerCase()), time: `${parts['hour']}:${parts['minute']}` };
}

const dayBefore = (day: Day): Day => DAYS[(DAYS.indexOf(day) + DAYS.length - 1) % DAYS.length] as Day;

function isWithin(window: MuteWindow, now: Date): boolean {
  if (!('days' in window))
    return Date.parse(window.from) <= now.getTime() && now.getTime() < Date.parse(window.until);
  const { days, from, until, timezone } = window;
  const { day, time } = localTime(now, timezone);
  if (from < until) return days.includes(day) && from <= time && time < until;
  return (days.includes(day) && from <= time) || (days.includes(dayBefore(day)) && time < until);
}

export const isMuted = (windows: readonly MuteWindow[], now: Date): boolean =>
  windows.some((window) => isWithin(window, now));
