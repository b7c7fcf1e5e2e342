import { z } from 'zod';
import { makeEnrichmentsDue } from './enrichment-due.ts';
import type { IncidentSightings } from './entity-groups.ts';
import { storeReadings } from './entity-store.ts';
import { type Pool, type Queryable, rows, run } from './pool.ts';

/** An incident whose entities this worker is to read; another may do so when the claim ends. */
export interface ReadingClaim {
  readonly incidentId: string;
  /** Settles nothing once the incident is due again, or somebody else claimed it. */
  readonly version: number;
}

const Raw = z.record(z.string(), z.unknown());

const IncidentRow = z
  .object({
    id: z.string(),
    provider_id: z.string(),
    title: z.string(),
    description: z.string(),
    techniques: z.array(z.string()),
    first_seen: z.date(),
    last_seen: z.date(),
    entities: z.array(z.unknown()),
    alerts: z.array(Raw),
  })
  .transform(({ id, provider_id, first_seen, last_seen, ...row }) => ({
    ...row,
    incidentId: id,
    providerId: provider_id,
    firstSeen: first_seen,
    lastSeen: last_seen,
  }));
/** What an incident's entities are read from, as Sentinel sent it. Its times are those of its activity. */
export type IncidentToRead = z.output<typeof IncidentRow>;

export interface ReadIncident extends IncidentSightings {
  readonly claim: ReadingClaim;
  readonly techniques: readonly string[];
  /** What was there and could not be used. */
  readonly unread: readonly unknown[];
}

export interface IncidentReadings {
  /** What became due last comes first, so that what was stored long ago never holds up what is new. */
  claim(limit: number): Promise<ReadingClaim[]>;
  claimOne(incidentId: string): Promise<ReadingClaim[]>;
  /** Whether its entities are to be read, or are being read. */
  isDue(incidentId: string): Promise<boolean>;
  /** For how long what is due has waited at most. */
  lagMs(): Promise<number>;
  load(claims: readonly ReadingClaim[]): Promise<IncidentToRead[]>;
  /** In one transaction; an incident that changed meanwhile stays due. */
  store(read: readonly ReadIncident[]): Promise<void>;
  /** Due again at once: they were not tried. */
  putBack(claims: readonly ReadingClaim[]): Promise<void>;
  /** Due again later, the later the longer ago the incident changed: a minute to six hours. */
  putOff(claims: readonly ReadingClaim[]): Promise<void>;
}

const CLAIM_S = 60;

const claimWhere = (where: string, limit: string): string => `WITH picked AS (
    SELECT incident_id FROM incident_reading WHERE due_at <= now() ${where}
    ORDER BY due_at DESC LIMIT ${limit} FOR UPDATE SKIP LOCKED)
  UPDATE incident_reading AS r SET due_at = now() + make_interval(secs => ${CLAIM_S}), version = r.version + 1
  FROM picked WHERE r.incident_id = picked.incident_id RETURNING r.incident_id, r.version`;

const CLAIM = claimWhere('', '$1');
const CLAIM_ONE = claimWhere('AND incident_id = $1', '1');

const ClaimRow = z
  .object({ incident_id: z.string(), version: z.int() })
  .transform((row) => ({ incidentId: row.incident_id, version: row.version }));

const IS_DUE = 'SELECT FROM incident_reading WHERE incident_id = $1 AND due_at IS NOT NULL';

const LAG = `SELECT coalesce(extract(epoch FROM now() - min(due_at)) * 1000, 0)::float8 AS lag_ms
  FROM incident_reading WHERE due_at <= now()`;

const LOAD = `SELECT i.id, i.provider_id, i.title, i.description, i.techniques, i.entities,
    coalesce(i.first_activity_at, i.created_at) AS first_seen,
    greatest(i.first_activity_at, i.created_at, coalesce(i.last_activity_at, i.last_modified_at)) AS last_seen,
    coalesce((SELECT jsonb_agg(a.raw ORDER BY a.system_alert_id) FROM incident_alert AS ia
      JOIN alert AS a ON a.id = ia.alert_id WHERE ia.incident_id = i.id), '[]') AS alerts
  FROM incident AS i WHERE i.id = ANY ($1) ORDER BY i.id`;

/** Whoever changes several locks them in this order. */
const LOCKED = `claimed AS (
    SELECT r.incident_id, c.place FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS c (incident_id, version, place)
    JOIN incident_reading AS r ON r.incident_id = c.incident_id AND r.version = c.version
    ORDER BY r.incident_id COLLATE "C" FOR UPDATE OF r)`;

const SETTLE = `WITH ${LOCKED}
  UPDATE incident_reading AS r SET due_at = NULL, read_at = now(),
    techniques = ARRAY (SELECT jsonb_array_elements_text(($3::jsonb) -> (place::integer - 1) -> 'techniques')),
    unread = ($3::jsonb) -> (place::integer - 1) -> 'unread'
  FROM claimed WHERE r.incident_id = claimed.incident_id`;

const PUT_BACK = `WITH ${LOCKED}
  UPDATE incident_reading AS r SET due_at = now() FROM claimed WHERE r.incident_id = claimed.incident_id`;

const PUT_OFF = `WITH ${LOCKED}
  UPDATE incident_reading AS r
  SET due_at = now() + least(greatest(now() - i.synced_at, interval '1 minute'), interval '6 hours')
  FROM claimed JOIN incident AS i ON i.id = claimed.incident_id WHERE r.incident_id = claimed.incident_id`;

const claimValues = (claims: readonly ReadingClaim[]): unknown[] => [
  claims.map(({ incidentId }) => incidentId),
  claims.map(({ version }) => version),
];

const changeClaims = async (db: Queryable, text: string, claims: readonly ReadingClaim[]): Promise<void> => {
  if (claims.length > 0) await run(db, { text, values: claimValues(claims) });
};

/** A sync holds one of several incidents whose change is to be seen. */
class Busy extends Error {}

// Before the rows that mark what is due, as syncs take them. Waiting for several incidents might end in a circle.
const showWith = (lock: string): string => `WITH held AS (
    SELECT id FROM incident WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE ${lock})
  UPDATE incident AS i SET change_seq = pg_current_xact_id() FROM held WHERE i.id = held.id`;
const SHOW = showWith('');
const SHOW_FREE = showWith('SKIP LOCKED');

/** Lets those who read changes see what incidents name, but for what was stored before entities were read at all. */
async function show(db: Queryable, read: readonly ReadIncident[], grown: readonly string[]): Promise<void> {
  const old = new Set(read.filter(({ claim }) => claim.version < 1).map(({ incidentId }) => incidentId));
  const ids = grown.filter((id) => !old.has(id));
  if (ids.length === 0) return;
  const shown = await run(db, { text: read.length > 1 ? SHOW_FREE : SHOW, values: [ids] });
  if (read.length > 1 && shown < ids.length) throw new Busy();
}

/** Together; one by one where an incident is being changed, which one alone can wait for. */
async function storeAll(pool: Pool, read: readonly ReadIncident[]): Promise<void> {
  try {
    await storeReadings(pool, read, (db, grown) => settle(db, read, grown));
  } catch (fault) {
    if (!(fault instanceof Busy)) throw fault;
    for (const one of read) await storeReadings(pool, [one], (db, grown) => settle(db, [one], grown));
  }
}

async function settle(db: Queryable, read: readonly ReadIncident[], grown: readonly string[]): Promise<void> {
  await show(db, read, grown);
  const results = read.map(({ techniques, unread }) => ({ techniques, unread }));
  const values = [...claimValues(read.map(({ claim }) => claim)), JSON.stringify(results)];
  await run(db, { name: 'settle-readings', text: SETTLE, values });
  await makeEnrichmentsDue(
    db,
    read.map(({ claim }) => claim.incidentId),
  );
}

export const createIncidentReadings = (pool: Pool): IncidentReadings => ({
  claim: (limit) => rows(pool, ClaimRow, { name: 'claim-readings', text: CLAIM, values: [limit] }),
  claimOne: (incidentId) => rows(pool, ClaimRow, { text: CLAIM_ONE, values: [incidentId] }),
  isDue: async (incidentId) => (await run(pool, { text: IS_DUE, values: [incidentId] })) > 0,
  lagMs: async () => {
    const [row] = await rows(pool, z.object({ lag_ms: z.number() }), { name: 'reading-lag', text: LAG });
    return row?.lag_ms ?? 0;
  },
  load: (claims) =>
    rows(pool, IncidentRow, {
      name: 'load-readings',
      text: LOAD,
      values: [claims.map(({ incidentId }) => incidentId)],
    }),
  store: (read) => storeAll(pool, read),
  putBack: (claims) => changeClaims(pool, PUT_BACK, claims),
  putOff: (claims) => changeClaims(pool, PUT_OFF, claims),
});
