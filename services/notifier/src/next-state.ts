import type { AttemptOutcome, SettledAttempt } from '@socmate/database';
import { parseRetryAfter, retryDelayMs } from './retry-schedule.ts';

/** What an attempt came to, as far as the delivery's future depends on it. */
export interface Answer {
  readonly outcome: AttemptOutcome;
  readonly statusCode: number | null;
  readonly responseHeaders: Readonly<Record<string, string>> | null;
}

export interface NextState {
  readonly next: SettledAttempt['next'];
  /** Why the endpoint is to be disabled, where the answer asks for it. */
  readonly disableReason?: string;
}

interface Circumstances {
  /** This attempt's number, from 1. */
  readonly number: number;
  readonly scheduleS: readonly number[];
  readonly now: Date;
  readonly random: () => number;
}

function disableReason({ statusCode, responseHeaders }: Answer): string | undefined {
  if (statusCode === 410) return 'the endpoint answered 410 Gone';
  if (control(responseHeaders) === 'disable') return 'the endpoint answered "webhook-delivery: disable"';
  return undefined;
}

const control = (headers: Answer['responseHeaders']): string | undefined =>
  headers?.['webhook-delivery']?.trim().toLowerCase();

function afterFailure(
  answer: Answer,
  { number, scheduleS, now, random }: Circumstances,
): SettledAttempt['next'] {
  const delayMs = retryDelayMs(scheduleS, number, random);
  if (delayMs === undefined || control(answer.responseHeaders) === 'abort-message') return { status: 'dead' };
  const mayLengthen = answer.statusCode === 429 || answer.statusCode === 503;
  const askedMs = mayLengthen ? (parseRetryAfter(answer.responseHeaders?.['retry-after'], now) ?? 0) : 0;
  return { status: 'pending', delayMs: Math.max(delayMs, askedMs) };
}

/** Where a delivery goes from an answered attempt. */
export function nextState(answer: Answer, circumstances: Circumstances): NextState {
  const reason = disableReason(answer);
  const next: SettledAttempt['next'] =
    answer.outcome === 'success' ? { status: 'succeeded' } : afterFailure(answer, circumstances);
  return { next, ...(reason !== undefined && { disableReason: reason }) };
}
