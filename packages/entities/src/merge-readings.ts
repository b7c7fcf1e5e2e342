import { createUnreadTally, type Reading, settle } from './graph-reader.ts';

/** Several readings as one: those of an incident, of each of its alerts and of its texts. */
export function mergeReadings(readings: readonly Partial<Reading>[]): Reading {
  const tally = createUnreadTally();
  for (const { unread = [] } of readings)
    for (const each of unread) tally.add(each.reason, each.kind, each.count);
  const entities = readings.flatMap((reading) => reading.entities ?? []);
  const relations = readings.flatMap((reading) => reading.relations ?? []);
  return settle(entities, relations, tally);
}
