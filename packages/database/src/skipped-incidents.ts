import { type Queryable, run } from './pool.ts';

/** An incident that Sentinel lists and that could not be stored. */
export interface SkippedIncident {
  readonly name: string | null;
  readonly number: number | null;
  readonly reason: string;
}

/** What of each workspace could not be stored, and was not since. */
export interface SkippedIncidents {
  record(providerId: string, skipped: readonly SkippedIncident[]): Promise<void>;
  /** These have been stored after all. */
  forget(providerId: string, sentinelNames: readonly string[]): Promise<void>;
  /** What has not been listed since is gone, or too old to be listed. */
  forgetUnseen(providerId: string, since: Date): Promise<void>;
}

const RECORD = `INSERT INTO skipped_incident (provider_id, sentinel_name, number, reason)
  SELECT $1, name, number, reason FROM unnest($2::text[], $3::bigint[], $4::text[]) AS s (name, number, reason)
  ON CONFLICT (provider_id, sentinel_name) DO UPDATE
    SET number = excluded.number, reason = excluded.reason, last_seen_at = now()`;

const FORGET = 'DELETE FROM skipped_incident WHERE provider_id = $1 AND sentinel_name = ANY ($2)';

const FORGET_UNSEEN = 'DELETE FROM skipped_incident WHERE provider_id = $1 AND last_seen_at < $2';

const MAX_REASON = 500;

const keyOf = ({ name, number }: SkippedIncident): string =>
  name ?? `without a name (${number ?? 'nor number'})`;

export function createSkippedIncidents(db: Queryable): SkippedIncidents {
  return {
    record: async (providerId, skipped) => {
      const byKey = [...new Map(skipped.map((incident) => [keyOf(incident), incident]))];
      if (byKey.length === 0) return;
      const values = [
        providerId,
        byKey.map(([key]) => key),
        byKey.map(([, { number }]) => number),
        byKey.map(([, { reason }]) => reason.slice(0, MAX_REASON)),
      ];
      await run(db, { text: RECORD, values });
    },
    forget: async (providerId, sentinelNames) => {
      await run(db, { text: FORGET, values: [providerId, sentinelNames] });
    },
    forgetUnseen: async (providerId, since) => {
      await run(db, { text: FORGET_UNSEEN, values: [providerId, since] });
    },
  };
}
