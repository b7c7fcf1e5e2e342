import { addDuration, parseDuration } from '@socmate/contracts';
import type { ClaimedProvider, UnfinishedSync } from '@socmate/database';
import { instantKey } from '@socmate/sentinel';

const OVERLAP_MS = 5 * 60_000;
const DEFAULT_WINDOW = { months: 0, days: 7, ms: 0 };

/** A window of incidents by when they were modified; RFC 3339, inclusive. */
export interface SyncWindow {
  readonly since: string;
  readonly until?: string;
}

type Windowed = Pick<ClaimedProvider, 'watermark' | 'firstWindow' | 'claimedAt'>;
type Reconciled = Pick<ClaimedProvider, 'connectedAt' | 'firstWindow' | 'claimedAt'>;

const back = (from: Date, duration: string): Date =>
  addDuration(from, parseDuration(duration) ?? DEFAULT_WINDOW, -1);

/** A little before a time, since late changes appear behind it. */
export const overlapped = (time: string | Date): string =>
  new Date(new Date(time).getTime() - OVERLAP_MS).toISOString();

/** From when on a sync asks for changes. */
export function modifiedSince({ watermark, firstWindow, claimedAt }: Windowed): string {
  return watermark ? overlapped(watermark) : back(claimedAt, firstWindow).toISOString();
}

/** What a sync that was interrupted leaves to read; nothing where it did not reach as far back as is wanted now. */
export function resumable(unfinished: UnfinishedSync | null, since: string): UnfinishedSync | undefined {
  if (unfinished === null || instantKey(unfinished.since) > instantKey(since)) return undefined;
  return unfinished;
}

/** From which creation on a reconciliation compares: nothing that the first window left out. */
export function createdSince({ connectedAt, firstWindow, claimedAt }: Reconciled, window: string): string {
  const wanted = back(claimedAt, window);
  const first = back(connectedAt, firstWindow);
  return (wanted > first ? wanted : first).toISOString();
}
