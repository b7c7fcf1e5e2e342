import type { Ids } from '@socmate/runtime';
import { z } from 'zod';
import { type Pool, type Queryable, rows, run, transaction } from './pool.ts';
import { ConnectionColumns, type ProviderConnection, toConnection } from './provider-connection.ts';
import { readAgain } from './read-again.ts';

/** An incident whose alerts and entities this worker is to read; another may do so when the claim ends. */
export interface DetailsClaim {
  readonly incidentId: string;
  readonly sentinelName: string;
  readonly alertsCount: number;
  /** Tells whether the incident changed since; opaque. */
  readonly version: string;
}

export interface IncidentDetails {
  readonly claim: DetailsClaim;
  readonly alerts: readonly { readonly systemAlertId: string; readonly raw: unknown }[];
  readonly entities: readonly unknown[];
}

export interface IncidentDetailsQueue {
  /** Workspaces with incidents whose details are due; not those that could not be synced the last time. */
  dueProviders(): Promise<ProviderConnection[]>;
  /** Those never read before come first, the worst of them, then the newest. */
  claim(providerId: string, limit: number): Promise<DetailsClaim[]>;
  /**
   * Replaces what was known, in one transaction. An incident that changed meanwhile stays due, and one whose alerts or
   * entities have not all appeared yet is due again later. Answers how many look different now.
   */
  store(providerId: string, details: readonly IncidentDetails[]): Promise<number>;
  /** Due again at once: they were not tried. */
  putBack(claims: readonly DetailsClaim[]): Promise<void>;
  /** Due again later, the later the longer ago the incident changed: a minute to six hours. */
  putOff(claims: readonly DetailsClaim[]): Promise<void>;
}

const CLAIM_S = 90;

const DUE = `SELECT ${Object.keys(ConnectionColumns.shape).join(', ')} FROM siem_provider AS p WHERE enabled AND deleted_at IS NULL AND consecutive_failures = 0
  AND EXISTS (SELECT FROM incident WHERE provider_id = p.id AND details_due_at <= now())`;

const CLAIM = `WITH picked AS (
    SELECT id FROM incident WHERE provider_id = $1 AND details_due_at <= now()
    ORDER BY details_synced_at IS NOT NULL,
      array_position('{high,medium,low,informational}'::text[], severity), last_modified_at DESC, id
    LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE incident AS i SET details_due_at = now() + make_interval(secs => ${CLAIM_S})
  FROM picked WHERE i.id = picked.id
  RETURNING i.id, i.sentinel_name, i.alerts_count, i.details_due_at::text AS version`;

const ClaimRow = z
  .object({ id: z.string(), sentinel_name: z.string(), alerts_count: z.int(), version: z.string() })
  .transform((row) => ({
    incidentId: row.id,
    sentinelName: row.sentinel_name,
    alertsCount: row.alerts_count,
    version: row.version,
  }));

// In the order in which a page stores incidents, so that the two never wait for each other in a circle.
const LOCK = 'SELECT id FROM incident WHERE id = ANY ($1) ORDER BY sentinel_name FOR UPDATE';

const ALERTS = `INSERT INTO alert AS a (id, provider_id, system_alert_id, raw)
  SELECT id, $1, system_alert_id, raw
  FROM jsonb_to_recordset($2::jsonb) AS given (id text, system_alert_id text, raw jsonb)
  ORDER BY system_alert_id
  ON CONFLICT ON CONSTRAINT alert_system_alert_id_key DO UPDATE SET raw = excluded.raw, synced_at = now()
  WHERE a.raw IS DISTINCT FROM excluded.raw
  RETURNING a.id`;

const LINKS = `WITH wanted AS MATERIALIZED (
    SELECT w.incident_id, alert.id AS alert_id
    FROM unnest($3::text[], $4::text[]) AS w (incident_id, system_alert_id)
    JOIN alert ON alert.provider_id = $1 AND alert.system_alert_id = w.system_alert_id),
  removed AS (
    DELETE FROM incident_alert AS ia WHERE ia.incident_id = ANY ($2)
    AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.incident_id = ia.incident_id AND w.alert_id = ia.alert_id)
    RETURNING ia.incident_id),
  added AS (
    INSERT INTO incident_alert (incident_id, alert_id) SELECT incident_id, alert_id FROM wanted
    ON CONFLICT DO NOTHING RETURNING incident_id)
  SELECT incident_id FROM removed UNION SELECT incident_id FROM added
  UNION SELECT incident_id FROM wanted WHERE alert_id = ANY ($5)`;

/** How often what has not all appeared is asked for again: after 1, 2, 4 … 60 minutes, about four hours in all. */
const MAX_TRIES = 9;
/** What an incident that nobody touched for so long lacks will not appear any more. */
const SETTLED_AFTER = `interval '1 day'`;

const UPDATE = `WITH given AS (
    SELECT d.*, i.entities IS DISTINCT FROM d.entities OR i.id = ANY ($2) AS is_changed
    FROM jsonb_to_recordset($1::jsonb) AS d (id text, version timestamptz, entities jsonb, is_complete boolean)
    JOIN incident AS i ON i.id = d.id),
  updated AS (
    UPDATE incident AS i SET entities = given.entities, details_synced_at = now(),
      details_due_at = CASE WHEN i.details_due_at IS DISTINCT FROM given.version THEN i.details_due_at
        WHEN given.is_complete OR i.details_tries >= ${MAX_TRIES}
          OR i.last_modified_at < now() - ${SETTLED_AFTER} THEN NULL
        ELSE now() + make_interval(mins => least(60, 2 ^ i.details_tries)::integer) END,
      details_tries = CASE WHEN given.is_complete THEN 0 ELSE i.details_tries + 1 END,
      synced_at = CASE WHEN given.is_changed THEN now() ELSE i.synced_at END,
      change_seq = CASE WHEN given.is_changed THEN pg_current_xact_id() ELSE i.change_seq END
    FROM given WHERE i.id = given.id RETURNING i.id, given.is_changed),
  ${readAgain('SELECT id FROM updated WHERE is_changed')}
  SELECT is_changed FROM updated`;

const PUT_OFF = `UPDATE incident SET
    details_due_at = now() + least(greatest(now() - synced_at, interval '1 minute'), interval '6 hours')
  FROM unnest($1::text[], $2::timestamptz[]) AS c (id, version)
  WHERE incident.id = c.id AND details_due_at = c.version`;

const PUT_BACK = `UPDATE incident SET details_due_at = now()
  FROM unnest($1::text[], $2::timestamptz[]) AS c (id, version)
  WHERE incident.id = c.id AND details_due_at = c.version`;

const changeClaims = async (db: Queryable, text: string, claims: readonly DetailsClaim[]): Promise<void> => {
  if (claims.length === 0) return;
  const values = [claims.map(({ incidentId }) => incidentId), claims.map(({ version }) => version)];
  await run(db, { text, values });
};

/** Alerts of several incidents, each once: the same may have moved from one to the other between two reads. */
async function upsertAlerts(
  db: Queryable,
  providerId: string,
  details: readonly IncidentDetails[],
  ids: Ids,
): Promise<string[]> {
  const alerts = new Map(
    details.flatMap((one) => one.alerts.map((alert) => [alert.systemAlertId, alert.raw])),
  );
  if (alerts.size === 0) return [];
  const records = [...alerts].map(([system_alert_id, raw]) => ({
    id: ids.next('alr'),
    system_alert_id,
    raw,
  }));
  const values = [providerId, JSON.stringify(records)];
  const changed = await rows(db, z.object({ id: z.string() }), {
    name: 'store-alerts',
    text: ALERTS,
    values,
  });
  return changed.map(({ id }) => id);
}

async function replaceLinks(
  db: Queryable,
  providerId: string,
  details: readonly IncidentDetails[],
  changedAlerts: readonly string[],
): Promise<string[]> {
  const links = details.flatMap(({ claim, alerts }) =>
    alerts.map(({ systemAlertId }) => ({ incidentId: claim.incidentId, systemAlertId })),
  );
  const values = [
    providerId,
    details.map(({ claim }) => claim.incidentId),
    links.map(({ incidentId }) => incidentId),
    links.map(({ systemAlertId }) => systemAlertId),
    changedAlerts,
  ];
  const Row = z.object({ incident_id: z.string() });
  const changed = await rows(db, Row, { name: 'replace-alert-links', text: LINKS, values });
  return changed.map((row) => row.incident_id);
}

const isComplete = ({ claim: { alertsCount }, alerts, entities }: IncidentDetails): boolean =>
  alertsCount === 0 || (alerts.length >= alertsCount && entities.length > 0);

async function store(db: Queryable, providerId: string, details: readonly IncidentDetails[], ids: Ids) {
  await run(db, { text: LOCK, values: [details.map(({ claim }) => claim.incidentId)] });
  const changedAlerts = await upsertAlerts(db, providerId, details, ids);
  const changed = await replaceLinks(db, providerId, details, changedAlerts);
  const records = details.map((one) => ({
    id: one.claim.incidentId,
    version: one.claim.version,
    entities: one.entities,
    is_complete: isComplete(one),
  }));
  const Row = z.object({ is_changed: z.boolean() });
  const values = [JSON.stringify(records), changed];
  const updated = await rows(db, Row, { name: 'store-details', text: UPDATE, values });
  return updated.filter((row) => row.is_changed).length;
}

export function createIncidentDetails(pool: Pool, ids: Ids): IncidentDetailsQueue {
  return {
    dueProviders: () =>
      rows(pool, ConnectionColumns.transform(toConnection), { name: 'details-due', text: DUE }),
    claim: (providerId, limit) =>
      rows(pool, ClaimRow, { name: 'claim-details', text: CLAIM, values: [providerId, limit] }),
    store: (providerId, details) =>
      details.length === 0
        ? Promise.resolve(0)
        : transaction(pool, (db) => store(db, providerId, details, ids)),
    putBack: (claims) => changeClaims(pool, PUT_BACK, claims),
    putOff: (claims) => changeClaims(pool, PUT_OFF, claims),
  };
}
