import { parseTimespan, type Timespan } from '@socmate/contracts';
import { invalidField } from '@socmate/runtime';

/** A query's `timespan`; throws a 422 that says what is wrong with it. */
export function timespanWindow(timespan: string, now: Date): Timespan {
  const parsed = parseTimespan(timespan, now);
  if (typeof parsed === 'string') throw invalidField(['query', 'timespan'], parsed, 'timespan');
  return parsed;
}
