import type { SentinelIncidentPage } from './sentinel-answers.ts';

/** Pages in a row that may bring nothing: incidents that are modified meanwhile shift others back. */
const PATIENCE = 20;

/** What a list is ordered by. */
export type PageTime = 'createdAt' | 'lastModifiedAt';

/** Sorts as the times do, whatever their precision: RFC 3339 to nine decimals, in UTC. */
export function instantKey(time: string): string {
  const seconds = Math.floor(Date.parse(time) / 1_000) * 1_000;
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  return `${new Date(seconds).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}`;
}

/** Tells a list that leads nowhere from one that ends: pages go back in time, or bring an incident not seen yet. */
export function createPageProgress(time: PageTime): { hasStalled(page: SentinelIncidentPage): boolean } {
  let reached: string | undefined;
  let seenThere = new Set<string>();
  let stale = 0;
  // What cannot be read has no time that could be relied on: it counts by its name.
  const unreadables = new Set<string>();

  const advance = ({ incidents, unreadable }: SentinelIncidentPage): boolean => {
    const known = unreadables.size;
    for (const { name, number } of unreadable) unreadables.add(`${name} ${number}`);
    let hasAdvanced = unreadables.size > known;
    for (const incident of incidents) {
      const at = instantKey(incident[time]);
      if (reached === undefined || at < reached) {
        reached = at;
        seenThere = new Set();
      }
      if (at !== reached || seenThere.has(incident.name)) continue;
      seenThere.add(incident.name);
      hasAdvanced = true;
    }
    return hasAdvanced;
  };
  return {
    hasStalled: (page) => {
      stale = advance(page) ? 0 : stale + 1;
      return stale >= PATIENCE;
    },
  };
}
