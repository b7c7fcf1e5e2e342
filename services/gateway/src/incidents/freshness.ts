import { addDuration, type Freshness, parseDuration } from '@socmate/contracts';
import type { ProviderFreshness } from '@socmate/database';
import { AppError } from '@socmate/runtime';

export interface WantedAge {
  readonly max_age?: string | undefined;
  /** Where one workspace is named, it is judged though it is disabled. */
  readonly provider?: string | undefined;
}

const RETRY_MIN_S = 5;
const RETRY_MAX_S = 300;

function maxLagS(max_age: string, now: Date): number {
  const duration = parseDuration(max_age);
  if (!duration) throw new Error('max_age was not checked');
  return (now.getTime() - addDuration(now, duration, -1).getTime()) / 1_000;
}

const staleness = ({ provider, lag_s }: ProviderFreshness): string =>
  lag_s === null ? `${provider} has not been synced yet` : `${provider} was last synced ${lag_s} s ago`;

/** Throws a 503 that names the workspaces whose data is older than a query wants. */
export function assertFresh(all: readonly ProviderFreshness[], wanted: WantedAge, now: Date): void {
  const { max_age, provider } = wanted;
  if (max_age === undefined) return;
  const limitS = maxLagS(max_age, now);
  const stale = all.filter(
    ({ lag_s, status }) =>
      (lag_s === null || lag_s > limitS) && (status !== 'disabled' || provider !== undefined),
  );
  if (stale.length === 0) return;
  const dueInS = Math.max(...stale.map(({ due_in_s }) => due_in_s));
  const told = stale.slice(0, 10).map(staleness).join('; ');
  throw new AppError('unavailable', `the data is older than max_age allows: ${told}`, {
    retryAfterS: Math.min(Math.max(dueInS, RETRY_MIN_S), RETRY_MAX_S),
  });
}

export const freshnessView = (all: readonly ProviderFreshness[]): Freshness[] =>
  all.map(({ provider, last_synced_at, lag_s, status }) => ({ provider, last_synced_at, lag_s, status }));
