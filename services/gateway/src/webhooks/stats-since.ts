import { invalidField } from '@socmate/runtime';
import { timespanWindow } from '../timespan-window.ts';

/** Where a window that ends now begins. */
export function statsSince(timespan: string, now: Date): Date {
  if (timespan.includes('/'))
    throw invalidField(['query', 'timespan'], 'is a duration such as PT1H: the window ends now', 'timespan');
  return timespanWindow(timespan, now).from;
}
