import { matchesEvent, RecoveryMode, storedTraits } from '@socmate/contracts';
import type { Ids } from '@socmate/runtime';
import { z } from 'zod';
import { createDeliveryReplays } from './delivery-replays.ts';
import { filterColumns, toFilter } from './endpoint-filter.ts';
import { type Pool, type Queryable, rows, run, transaction } from './pool.ts';
import { candidates } from './recovery-candidates.ts';

/** At most this many deliveries of one recovery wait to be sent, however fast its endpoint is. */
const ROOM_MAX = 250;
const WINDOW_EVENTS = 20_000;
const LOOK_AHEAD = 4;
const STEP_MS = 100;
const DISABLED_MS = 1_000;

export interface RecoveryStep {
  readonly recoveryId: string;
  readonly endpointId: string;
  /** How many deliveries this step put on their way. */
  readonly released: number;
  readonly status: 'running' | 'completed' | 'cancelled';
}

export interface RecoverySteps {
  /**
   * Takes the next step of the recovery that is due for one, in one transaction: killed at any point, a recovery goes on
   * where its last step ended, in whichever notifier comes next.
   */
  step(): Promise<RecoveryStep | undefined>;
  /** When the next step is due, in milliseconds from now; undefined while nothing runs. */
  nextInMs(): Promise<number | undefined>;
}

// A publisher that was open when the recovery was made may commit what the endpoint missed: it is waited for.
const IS_READY = `NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.virtualtransaction = ANY (r.publishers)
  AND l.relation = 'webhook_endpoint'::regclass AND l.mode = 'RowShareLock')`;

const TAKE = `SELECT r.id, r.endpoint_id, r.mode, r.room, w.deleted_at IS NOT NULL AS is_deleted, w.enabled,
    greatest(1, w.max_in_flight / 2) AS room_min, ${Object.keys(filterColumns)
      .map((name) => `w.${name}`)
      .join(', ')},
    (SELECT count(*)::int FROM (SELECT FROM delivery AS d
      WHERE d.recovery_id = r.id AND d.status = 'pending' AND d.due_at <= now() LIMIT ${ROOM_MAX}) AS waiting) AS waiting
  FROM recovery AS r JOIN webhook_endpoint AS w ON w.id = r.endpoint_id
  WHERE r.status = 'running' AND r.next_step_at <= now() AND ${IS_READY}
  ORDER BY r.next_step_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED FOR KEY SHARE OF w SKIP LOCKED`;

const TakenRow = z
  .object({
    ...filterColumns,
    id: z.string(),
    endpoint_id: z.string(),
    mode: RecoveryMode,
    room: z.int(),
    room_min: z.int(),
    waiting: z.int(),
    enabled: z.boolean(),
    is_deleted: z.boolean(),
  })
  .transform((row) => ({ ...row, filter: toFilter(row.endpoint_id, row) }));
type Taken = z.output<typeof TakenRow>;

// The lock makes retention leave the events alone that a step is about to deliver.
const LOOK = (
  mode: RecoveryMode,
): string => `SELECT found.cursor_id, found.at::text, found.event_id, found.delivery_id,
    event.type, p.name AS provider, CASE WHEN found.delivery_id IS NULL THEN event.body END AS body
  FROM recovery AS r CROSS JOIN LATERAL (
    SELECT * FROM ${candidates(mode)}
    WHERE (at, cursor_id) <= (COALESCE($3::timestamptz, 'infinity'), COALESCE($4, ''))
    ORDER BY at, cursor_id LIMIT $2) AS found
  JOIN event ON event.id = found.event_id
  LEFT JOIN siem_provider AS p ON p.id = event.provider_id
  WHERE r.id = $1 ORDER BY found.at, found.cursor_id FOR KEY SHARE OF event`;

// Where little matches, a step reads no more events than this, and the next goes on behind them.
const WINDOW = `SELECT e.created_at::text AS at, e.id FROM recovery AS r JOIN event AS e
    ON (e.created_at, e.id) > (r.cursor_at, r.cursor_id) AND e.created_at < r.until_at
  WHERE r.id = $1 AND r.mode <> 'dead' ORDER BY e.created_at, e.id OFFSET $2 LIMIT 1`;
const WindowRow = z.object({ at: z.string(), id: z.string() });

const FoundRow = z.object({
  cursor_id: z.string(),
  at: z.string(),
  event_id: z.string(),
  delivery_id: z.string().nullable(),
  type: z.string(),
  provider: z.string().nullable(),
  body: z.instanceof(Buffer).nullable(),
});
type Found = z.output<typeof FoundRow>;

const ADD = `INSERT INTO delivery (id, event_id, endpoint_id, recovery_id)
  SELECT added.id, added.event_id, $3, $4 FROM unnest($1::text[], $2::text[]) AS added (id, event_id)
  ON CONFLICT ON CONSTRAINT delivery_event_endpoint_key DO NOTHING`;

const SAVE = `UPDATE recovery SET room = $2, done = done + $3, total = greatest(total - $4, done + $3),
    cursor_at = COALESCE($5::timestamptz, cursor_at), cursor_id = COALESCE($6, cursor_id),
    next_step_at = now() + make_interval(secs => ${STEP_MS / 1_000})
  WHERE id = $1`;

const COMPLETE = `WITH filled AS (
    DELETE FROM endpoint_gap AS g USING recovery AS r
    WHERE r.id = $1 AND r.mode = 'missed' AND g.endpoint_id = r.endpoint_id AND g.until_at < r.until_at)
  UPDATE recovery SET status = 'completed', total = done, completed_at = now() WHERE id = $1`;

const CANCEL = `UPDATE recovery SET status = 'cancelled', completed_at = now() WHERE id = $1`;
const POSTPONE = `UPDATE recovery SET next_step_at = now() + make_interval(secs => ${DISABLED_MS / 1_000}) WHERE id = $1`;

/**
 * What may wait to be sent: twice as much while each step finds the last one's work done, half as much while most of it
 * still waits. A live event so waits behind about a step's work, and a slow endpoint keeps half of its lane for them.
 */
export function nextRoom({
  room,
  room_min: min,
  waiting,
}: Pick<Taken, 'room' | 'room_min' | 'waiting'>): number {
  const wanted = waiting === 0 ? room * 2 : waiting > room / 2 ? Math.floor(room / 2) : room;
  return Math.min(Math.max(wanted, min), Math.max(ROOM_MAX, min));
}

/** Of what was found, what is delivered, and how far the cursor goes with it. */
function choose(taken: Taken, found: readonly Found[], free: number) {
  const chosen: Found[] = [];
  let looked = 0;
  for (const row of found) {
    if (chosen.length >= free) break;
    looked += 1;
    const { type, body, provider } = row;
    const traits = body === null ? undefined : storedTraits({ type, body, provider });
    if (row.delivery_id !== null || (traits && matchesEvent(taken.filter, traits))) chosen.push(row);
  }
  return { chosen, looked };
}

async function release(db: Queryable, ids: Ids, taken: Taken, chosen: readonly Found[]): Promise<number> {
  const known = chosen.flatMap(({ delivery_id: id }) => (id === null ? [] : [id]));
  const missed = chosen.filter((row) => row.delivery_id === null);
  const replayed = known.length > 0 ? await createDeliveryReplays(db).replay(known, taken.id) : 0;
  if (missed.length === 0) return replayed;
  const values = [
    missed.map(() => ids.next('dlv')),
    missed.map((row) => row.event_id),
    taken.endpoint_id,
    taken.id,
  ];
  return replayed + (await run(db, { name: 'add-missed-deliveries', text: ADD, values }));
}

interface Bounds {
  readonly free: number;
  readonly windowEvents: number;
}

interface Stepping {
  readonly ids: Ids;
  readonly windowEvents: number;
}

/** What a step may deliver; `next` is where the following one begins if all of it is looked at. */
async function look(db: Queryable, { id, mode }: Taken, { free, windowEvents }: Bounds) {
  if (free === 0) return { found: [], isRest: false };
  const limit = Math.max(free * LOOK_AHEAD, ROOM_MAX);
  const [end] = await rows(db, WindowRow, { text: WINDOW, values: [id, windowEvents - 1] });
  const values = [id, limit, end?.at ?? null, end?.id ?? null];
  const found = await rows(db, FoundRow, { text: LOOK(mode), values });
  if (found.length === limit) return { found, isRest: false };
  return { found, isRest: end === undefined, ...(end && { next: end }) };
}

async function advance(
  db: Queryable,
  { ids, windowEvents }: Stepping,
  taken: Taken,
): Promise<Omit<RecoveryStep, 'endpointId'>> {
  const recoveryId = taken.id;
  const room = nextRoom(taken);
  const free = Math.max(0, room - taken.waiting);
  const { found, next, isRest } = await look(db, taken, { free, windowEvents });
  const { chosen, looked } = choose(taken, found, free);
  const released = await release(db, ids, taken, chosen);
  const last = found[looked - 1];
  const reached =
    looked === found.length && next !== undefined ? next : last && { at: last.at, id: last.cursor_id };
  const values = [recoveryId, room, released, looked - released, reached?.at ?? null, reached?.id ?? null];
  await run(db, { name: 'save-recovery', text: SAVE, values });
  if (!isRest || looked < found.length) return { recoveryId, released, status: 'running' };
  await run(db, { text: COMPLETE, values: [recoveryId] });
  return { recoveryId, released, status: 'completed' };
}

async function step(db: Queryable, stepping: Stepping): Promise<RecoveryStep | undefined> {
  const [taken] = await rows(db, TakenRow, { name: 'take-recovery', text: TAKE });
  if (!taken) return undefined;
  const { id: recoveryId, endpoint_id: endpointId } = taken;
  if (!taken.is_deleted && taken.enabled) return { endpointId, ...(await advance(db, stepping, taken)) };
  await run(db, { text: taken.is_deleted ? CANCEL : POSTPONE, values: [recoveryId] });
  return { recoveryId, endpointId, released: 0, status: taken.is_deleted ? 'cancelled' : 'running' };
}

const NEXT = `SELECT greatest(0, extract(epoch FROM next_step_at - now()) * 1000)::float8 AS ms
  FROM recovery WHERE status = 'running' ORDER BY next_step_at LIMIT 1`;

export const createRecoverySteps = (pool: Pool, ids: Ids, windowEvents = WINDOW_EVENTS): RecoverySteps => ({
  step: () => transaction(pool, (db) => step(db, { ids, windowEvents })),
  nextInMs: async () => {
    const schema = z.object({ ms: z.number() });
    const [row] = await rows(pool, schema, { name: 'next-recovery-step', text: NEXT });
    return row?.ms;
  },
});
