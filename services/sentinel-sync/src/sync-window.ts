import { addDuration, parseDuration } from '@socmate/contracts';
import type { ClaimedProvider } from '@socmate/database';

const OVERLAP_MS = 5 * 60_000;
const DEFAULT_WINDOW = { months: 0, days: 7, ms: 0 };

type Window = Pick<ClaimedProvider, 'watermark' | 'firstWindow' | 'claimedAt'>;

/** From when on a sync asks for changes: a little before the watermark, since late changes appear behind it. */
export function modifiedSince({ watermark, firstWindow, claimedAt }: Window): Date {
  if (watermark) return new Date(watermark.getTime() - OVERLAP_MS);
  return addDuration(claimedAt, parseDuration(firstWindow) ?? DEFAULT_WINDOW, -1);
}
