import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { RecoveryMode } from '@socmate/contracts';
import { createIds, systemClock } from '@socmate/runtime';
import { anEndpoint, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { publishEvents } from './event-publishing.ts';
import { createPool, type Pool, type Queryable, transaction } from './pool.ts';
import { createRecoveries } from './recoveries.ts';
import { createRecoverySteps, nextRoom, type RecoverySteps } from './recovery-steps.ts';
import { createWebhookEndpoints } from './webhook-endpoints.ts';

const ids = createIds();
let database: TestDatabase;
let pool: Pool;
let steps: RecoverySteps;
let endpointId: string;
let published = 0;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 6, name: 'test' });
  steps = createRecoverySteps(pool, ids);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, webhook_endpoint, event CASCADE');
  endpointId = (await anEndpoint(pool)).id;
});

type Severity = 'medium' | 'high';

/** Publishes an alert and answers its id. */
async function publish(db: Queryable = pool, severity: Severity = 'medium'): Promise<string> {
  published += 1;
  const causeKey = `cause-${published}`;
  const incident = { title: 'Password spray', rules: [], products: [], labels: [], tactics: [] };
  const data = {
    reason: 'new',
    incident: { ...incident, severity, provider: 'prod' },
    previous_severity: null,
  };
  const traits = { type: 'incident-alert', reason: 'new', severity, previousSeverity: null } as const;
  const event = {
    type: 'incident-alert',
    causeKey,
    providerId: null,
    traits: { ...traits, provider: 'prod', incident },
    data,
  } as const;
  await publishEvents(db, { ids, clock: systemClock }, [event], undefined);
  const { rows } = await db.query('SELECT id FROM event WHERE cause_key = $1', [causeKey]);
  return rows[0].id as string;
}

const setEnabled = (enabled: boolean): Promise<unknown> =>
  transaction(pool, async (db) => {
    const endpoints = createWebhookEndpoints(db);
    await endpoints.lock(endpointId, undefined);
    await endpoints.update(endpointId, { enabled });
  });

async function recover(mode: RecoveryMode, since?: Date): Promise<string> {
  const id = ids.next('rec');
  await transaction(pool, async (db) => {
    await createWebhookEndpoints(db).lock(endpointId, undefined);
    await createRecoveries(db).create({ id, endpointId, mode, since, createdBy: 'key_1' });
  });
  await createRecoveries(pool).begin(id);
  return id;
}

const recovery = async (id: string) => (await createRecoveries(pool).byId(id, undefined))!;

const stepNow = async (): Promise<ReturnType<RecoverySteps['step']>> => {
  await pool.query('UPDATE recovery SET next_step_at = now()');
  return steps.step();
};

/** Takes steps until a recovery ends, each after all that waited was delivered; answers the most that waited. */
async function carryOut(id: string): Promise<number> {
  let most = 0;
  for (let taken = 0; (await recovery(id)).status === 'running'; taken += 1) {
    if (taken > 500) throw new Error('the recovery does not end');
    await stepNow();
    const sent = await pool.query(
      `UPDATE delivery SET status = 'succeeded', attempts_count = attempts_count + 1, completed_at = now()
       WHERE recovery_id = $1 AND status = 'pending'`,
      [id],
    );
    most = Math.max(most, sent.rowCount ?? 0);
  }
  return most;
}

const deliveredBy = async (recoveryId: string): Promise<string[]> => {
  const { rows } = await pool.query(
    'SELECT event_id FROM delivery WHERE recovery_id = $1 ORDER BY event_id',
    [recoveryId],
  );
  return rows.map((row) => row.event_id as string);
};

const endAll = (status: string): Promise<unknown> =>
  pool.query(
    `UPDATE delivery SET status = $1, attempts_count = 12, completed_at = now() WHERE status = 'pending'`,
    [status],
  );

// A linear congruential generator: the same seed, the same history.
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([1, 2, 3, 4, 5, 6])(
  'after any history of being disabled, new and enabled, an endpoint gets exactly what it missed (seed %d)',
  async (seed) => {
    const random = randomOf(seed);
    await pool.query(`UPDATE webhook_endpoint SET severity_min = 'high'`);
    const missed = new Set<string>();
    const everMissed: string[] = [];
    const recovered: string[] = [];
    let enabled = true;
    for (let action = 0; action < 40; action += 1) {
      if (random() < 0.2) {
        enabled = !enabled;
        await setEnabled(enabled);
      } else if (random() < 0.1 && enabled) {
        const id = await recover('missed');
        await carryOut(id);
        recovered.push(...(await deliveredBy(id)));
        everMissed.push(...missed);
        missed.clear();
      } else {
        const severity = random() < 0.7 ? 'high' : 'medium';
        const eventId = await publish(pool, severity);
        if (!enabled && severity === 'high') missed.add(eventId);
      }
    }
    if (!enabled) await setEnabled(true);
    const id = await recover('missed');
    await carryOut(id);
    expect(recovered.sort()).toEqual(everMissed.sort());
    expect(await deliveredBy(id)).toEqual([...missed].sort());
    expect(await recovery(id)).toMatchObject({ total: missed.size, done: missed.size, pending: 0 });
    const again = await recover('missed');
    await carryOut(again);
    expect(await deliveredBy(again)).toEqual([]);
  },
);

test('where little matches, a step reads a bounded number of events, and the last match is found all the same', async () => {
  await setEnabled(false);
  const missed = await publish();
  await pool.query(`INSERT INTO event (id, type, cause_key, body)
    SELECT 'evt_other_' || n, 'schedule-disabled', 'other:' || n, 'x' FROM generate_series(1, 40) AS n`);
  const last = await publish();
  await setEnabled(true);
  const id = await recover('missed');
  const bounded = createRecoverySteps(pool, ids, 10);
  const cursors: string[] = [];
  for (let taken = 0; taken < 4; taken += 1) {
    await pool.query('UPDATE recovery SET next_step_at = now()');
    expect(await bounded.step()).toMatchObject({ status: 'running' });
    cursors.push((await pool.query('SELECT cursor_id FROM recovery WHERE id = $1', [id])).rows[0].cursor_id);
  }
  expect(new Set(cursors).size).toBe(4);
  await pool.query('UPDATE recovery SET next_step_at = now()');
  expect(await bounded.step()).toMatchObject({ status: 'completed' });
  expect(await deliveredBy(id)).toEqual([missed, last].sort());
});

test('a new endpoint gets what was published before it was there', async () => {
  const before = [await publish(), await publish()];
  endpointId = (await anEndpoint(pool)).id;
  const id = await recover('missed');
  expect(await recovery(id)).toMatchObject({ status: 'running', total: 2, done: 0 });
  await carryOut(id);
  expect(await deliveredBy(id)).toEqual(before.sort());
});

test('what a publisher commits after the recovery was made, unseen by its endpoint, is waited for', async () => {
  await setEnabled(false);
  let eventId = '';
  let id = '';
  await transaction(pool, async (db) => {
    eventId = await publish(db);
    await setEnabled(true);
    id = await recover('missed');
    expect(await stepNow()).toBeUndefined();
  });
  await carryOut(id);
  expect(await deliveredBy(id)).toEqual([eventId]);
});

test('what is recovered waits in small parts, and as many notifiers as there are never add to it', async () => {
  await setEnabled(false);
  for (let n = 0; n < 60; n += 1) await publish();
  await setEnabled(true);
  const id = await recover('missed');
  await pool.query('UPDATE recovery SET next_step_at = now()');
  await Promise.all(Array.from({ length: 5 }, () => steps.step()));
  expect((await recovery(id)).pending).toBeLessThanOrEqual(10);
  for (let n = 0; n < 5; n += 1) await stepNow();
  expect((await recovery(id)).pending).toBeLessThanOrEqual(10);
  expect(await carryOut(id)).toBeLessThanOrEqual(60);
  expect(await deliveredBy(id)).toHaveLength(60);
});

test('a step that dies leaves nothing behind, and the next one goes on where the last ended', async () => {
  await setEnabled(false);
  for (let n = 0; n < 30; n += 1) await publish();
  await setEnabled(true);
  const id = await recover('missed');
  await stepNow();
  const before = await recovery(id);
  // Killed before its commit, as a process is: its connection breaks within the transaction.
  const broken: Pool = Object.assign(Object.create(pool), {
    connect: async () => {
      const client = await pool.connect();
      const query = client.query.bind(client);
      return Object.assign(client, {
        query: (statement: unknown) => {
          if (statement !== 'COMMIT') return query(statement as string);
          Object.assign(client, { query });
          return Promise.reject(new Error('killed'));
        },
      });
    },
  });
  await endAll('succeeded');
  await pool.query('UPDATE recovery SET next_step_at = now()');
  await expect(createRecoverySteps(broken, ids).step()).rejects.toThrow('killed');
  expect(await recovery(id)).toMatchObject({ done: before.done });
  await carryOut(id);
  expect(await deliveredBy(id)).toHaveLength(30);
});

test('every dead letter goes again with its whole schedule, what succeeded or waits does not', async () => {
  await publish();
  await endAll('succeeded');
  const dead = [await publish(), await publish()];
  await endAll('dead');
  await publish();
  const id = await recover('dead');
  expect(await recovery(id)).toMatchObject({ mode: 'dead', since: null, total: 2 });
  await stepNow();
  const { rows } = await pool.query(
    'SELECT event_id, status, attempts_count, schedule_start FROM delivery WHERE recovery_id = $1 ORDER BY event_id',
    [id],
  );
  expect(rows).toEqual(
    dead.sort().map((event_id) => ({ event_id, status: 'pending', attempts_count: 12, schedule_start: 12 })),
  );
  await endAll('dead');
  await carryOut(id);
  expect(await recovery(id)).toMatchObject({ status: 'completed', total: 2, done: 2 });
});

test('everything since a time goes again, and what was missed since then goes for the first time', async () => {
  await publish();
  await endAll('succeeded');
  await pool.query(`UPDATE event SET created_at = now() - interval '2 hours'`);
  const got = await publish();
  await endAll('succeeded');
  await setEnabled(false);
  const missed = await publish();
  await setEnabled(true);
  const waiting = await publish();
  const id = await recover('since', new Date(Date.now() - 3_600_000));
  expect(await recovery(id)).toMatchObject({ total: 2, since: expect.any(String) });
  await carryOut(id);
  expect(await deliveredBy(id)).toEqual([got, missed].sort());
  expect(await deliveredBy(id)).not.toContain(waiting);
});

test('what was held back from an endpoint was not missed', async () => {
  await setEnabled(false);
  const eventId = await publish();
  await pool.query(`INSERT INTO held_back (event_id, endpoint_id, reason) VALUES ($1, $2, 'muted')`, [
    eventId,
    endpointId,
  ]);
  await setEnabled(true);
  const id = await recover('missed');
  await carryOut(id);
  expect(await deliveredBy(id)).toEqual([]);
});

test('a recovery rests while its endpoint is disabled, and is cancelled when that is deleted', async () => {
  await setEnabled(false);
  await publish();
  await setEnabled(true);
  const id = await recover('missed');
  await setEnabled(false);
  expect(await stepNow()).toMatchObject({ released: 0, status: 'running' });
  await createWebhookEndpoints(pool).remove(endpointId);
  expect(await stepNow()).toMatchObject({ recoveryId: id, status: 'cancelled' });
  expect(await stepNow()).toBeUndefined();
  expect(await deliveredBy(id)).toEqual([]);
});

test.each([
  ['nothing waits', { room: 20, room_min: 5, waiting: 0 }, 40],
  ['nothing waits, to a limit', { room: 200, room_min: 5, waiting: 0 }, 250],
  ['some waits', { room: 20, room_min: 5, waiting: 10 }, 20],
  ['most waits', { room: 20, room_min: 5, waiting: 11 }, 10],
  ['all waits, to half of a lane', { room: 8, room_min: 5, waiting: 8 }, 5],
])('the room of a recovery when %s', (_case, given, room) => {
  expect(nextRoom(given)).toBe(room);
});
