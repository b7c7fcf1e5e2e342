import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import { createIncidentPages, type IncidentRow, type StoredIncident } from './incident-pages.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
const ids = createIds();

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 4, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, webhook_endpoint CASCADE');
  await pool.query(`INSERT INTO siem_provider (id, name, provider_type, tenant_id, client_id, client_secret_sealed,
    client_secret_masked, workspace_id, subscription_id, resource_group, workspace_name)
    VALUES ('prv_1', 'prod', 'sentinel', 't', 'c', 's', '****', 'w', 'sub', 'rg', 'ws')`);
  await anEndpoint('whe_medium', null);
  await anEndpoint('whe_high', 'high');
});

const anEndpoint = (id: string, severityMin: string | null): Promise<unknown> =>
  pool.query(
    `INSERT INTO webhook_endpoint (id, name, url_sealed, url_masked, event_types, severity_min, secret_sealed)
     VALUES ($1, $1, 'u', 'u', '{incident-alert}', $2, 's')`,
    [id, severityMin],
  );

const anIncident = (only: Partial<IncidentRow> = {}): IncidentRow => ({
  sentinelName: 'name-1',
  number: 1,
  title: 'Password spray',
  description: '',
  severity: 'medium',
  status: 'new',
  classification: null,
  classificationReason: null,
  classificationComment: null,
  owner: null,
  labels: ['vip'],
  tactics: ['CredentialAccess'],
  techniques: ['T1110'],
  alertsCount: 1,
  providerName: 'Azure Sentinel',
  providerIncidentId: '1',
  incidentUrl: null,
  mergedInto: null,
  commentsCount: 0,
  createdAt: '2026-11-22T10:00:00.0000000Z',
  lastModifiedAt: '2026-11-22T10:00:00.0000000Z',
  firstActivityAt: null,
  lastActivityAt: null,
  etag: '"1"',
  raw: { properties: { incidentNumber: 1 } },
  ...only,
});

const store = (incidents: IncidentRow[]) =>
  createIncidentPages(pool, { ids, clock: systemClock }).store({
    providerId: 'prv_1',
    incidents,
    traceparent: undefined,
    alertsFor: (stored, { name }) =>
      stored.filter((row) => row.alertedSeverity === null).map(alertOf(incidents, name)),
  });

const alertOf = (incidents: IncidentRow[], provider: string) => (row: StoredIncident) => {
  const severity =
    incidents.find(({ sentinelName }) => sentinelName === row.sentinelName)?.severity ?? 'medium';
  const traits = {
    type: 'incident-alert',
    reason: 'new',
    severity,
    previousSeverity: null,
    provider,
    incident: { title: 'Password spray', rules: [], products: [], labels: [], tactics: [] },
  } as const;
  const causeKey = `incident:prv_1:${row.sentinelName}:new`;
  const event = { type: 'incident-alert', causeKey, providerId: 'prv_1', traits, data: {} } as const;
  return { ...event, incidentId: row.id, severity };
};

const count = async (table: string): Promise<number> =>
  Number((await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n);

test('an incident, its event and one delivery per matching endpoint commit together', async () => {
  const page = await store([
    anIncident(),
    anIncident({ sentinelName: 'name-2', number: 2, severity: 'high' }),
  ]);
  expect(page).toMatchObject({ inserted: 2, changed: 0, collided: [] });
  expect(page.endpointIds.toSorted()).toEqual(['whe_high', 'whe_medium']);
  expect(await count('event')).toBe(2);
  expect(await count('delivery')).toBe(3);
});

test('a page stored twice changes nothing and alerts nobody again', async () => {
  await store([anIncident()]);
  const { rows: before } = await pool.query('SELECT * FROM incident');
  expect(await store([anIncident()])).toMatchObject({ inserted: 0, changed: 0, endpointIds: [] });
  expect((await pool.query('SELECT * FROM incident')).rows).toEqual(before);
  expect(await count('delivery')).toBe(1);
});

test('a newer version replaces what is Sentinel’s and leaves notes, tags and assignee', async () => {
  await store([anIncident()]);
  await pool.query(`UPDATE incident SET notes = 'ours', tags = '{x}', assignee = 'jane'`);
  const newer = anIncident({
    title: 'Renamed',
    lastModifiedAt: '2026-11-22T11:00:00Z',
    raw: { renamed: true },
  });
  expect(await store([newer])).toMatchObject({ inserted: 0, changed: 1 });
  const { rows } = await pool.query('SELECT title, raw, notes, tags, assignee FROM incident');
  expect(rows).toEqual([
    { title: 'Renamed', raw: { renamed: true }, notes: 'ours', tags: ['x'], assignee: 'jane' },
  ]);
});

test('an older version that arrives late changes nothing; the same time with another etag does', async () => {
  await store([anIncident()]);
  expect(
    await store([anIncident({ title: 'old', lastModifiedAt: '2026-11-22T09:00:00Z', etag: '"0"' })]),
  ).toMatchObject({ changed: 0 });
  expect(await store([anIncident({ title: 'same time', etag: '"2"' })])).toMatchObject({ changed: 1 });
});

test('an incident whose number belongs to another is named, and the rest of the page is stored', async () => {
  await store([anIncident()]);
  const page = await store([
    anIncident({ sentinelName: 'thief' }),
    anIncident({ sentinelName: 'name-2', number: 2 }),
  ]);
  expect(page).toMatchObject({ inserted: 1, collided: ['thief'] });
});

test('an alert reaches an endpoint limited to a workspace that was renamed since its sync began', async () => {
  await pool.query(`UPDATE siem_provider SET name = 'renamed' WHERE id = 'prv_1'`);
  await pool.query(`UPDATE webhook_endpoint SET providers = '{renamed}' WHERE id = 'whe_medium'`);
  expect(await store([anIncident()])).toMatchObject({ endpointIds: ['whe_medium'] });
});

test('a workspace cannot be renamed while a page of it is being stored', async () => {
  const other = await pool.connect();
  await other.query('BEGIN');
  await other.query('SELECT id FROM webhook_endpoint FOR UPDATE');
  const storing = store([anIncident()]);
  await until('the page waits for the endpoints', async () => {
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    return (await pool.query(waiting)).rowCount === 1;
  });
  const renaming = other.query(`SELECT id FROM siem_provider FOR NO KEY UPDATE NOWAIT`);
  await expect(renaming).rejects.toThrow('could not obtain lock');
  await other.query('ROLLBACK');
  other.release();
  expect(await storing).toMatchObject({ endpointIds: ['whe_medium'] });
});

test('a fault while alerts are made leaves nothing of the page', async () => {
  const pages = createIncidentPages(pool, { ids, clock: systemClock });
  const alertsFor = () => {
    throw new Error('no');
  };
  const storing = pages.store({
    providerId: 'prv_1',
    incidents: [anIncident()],
    traceparent: undefined,
    alertsFor,
  });
  await expect(storing).rejects.toThrow('no');
  expect(await count('incident')).toBe(0);
});

test('a page of 50 new incidents costs at most 7 statements', async () => {
  const statements: unknown[] = [];
  const counting = Object.create(pool) as Pool;
  counting.connect = (async () => {
    const client = await pool.connect();
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    return Object.assign(Object.create(client) as object, {
      query: (...given: unknown[]) => {
        statements.push(given[0]);
        return query(...given);
      },
      release: (fault?: Error) => client.release(fault),
    });
  }) as unknown as Pool['connect'];
  const incidents = Array.from({ length: 50 }, (_, n) =>
    anIncident({ sentinelName: `n-${n}`, number: n + 1 }),
  );
  const pages = createIncidentPages(counting, { ids, clock: systemClock });
  await pages.store({
    providerId: 'prv_1',
    incidents,
    traceparent: undefined,
    alertsFor: (stored, { name }) => stored.map(alertOf(incidents, name)),
  });
  expect(await count('delivery')).toBe(50);
  expect(statements.length).toBeLessThanOrEqual(7);
});

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 22, 11, minute)).toISOString();
const rawOf = (lastModifiedTimeUtc: string, commentsCount: number, more: object = {}) => ({
  etag: lastModifiedTimeUtc,
  properties: { incidentNumber: 1, lastModifiedTimeUtc, additionalData: { commentsCount }, ...more },
});
const version = (minute: number, commentsCount: number, more: Partial<IncidentRow> = {}) =>
  anIncident({
    lastModifiedAt: at(minute),
    etag: at(minute),
    commentsCount,
    raw: rawOf(at(minute), commentsCount),
    ...more,
  });
const aComment = (status: string) =>
  pool.query(
    `INSERT INTO comment (id, incident_id, provider_id, sentinel_name, message, status, created_by)
     SELECT $1, id, provider_id, $1, 'ours', $2, 'key' FROM incident`,
    [ids.next('cmt'), status],
  );
const row = async () => (await pool.query('SELECT *, change_seq::text AS seq FROM incident')).rows[0];

test.each(['posted', 'posting'])(
  'a comment of our own that is %s is no change, and the row knows the new etag',
  async (status) => {
    await store([version(0, 2)]);
    const before = await row();
    await aComment(status);
    expect(await store([version(1, 3)])).toMatchObject({ inserted: 0, changed: 0, endpointIds: [] });
    expect(await row()).toMatchObject({
      seq: before.seq,
      synced_at: before.synced_at,
      etag: at(1),
    });
    await pool.query(`UPDATE comment SET status = 'posted'`);
    await aComment('posted');
    expect(await store([version(2, 4)])).toMatchObject({ changed: 0 });
  },
);

test('somebody else’s comment is a change, with one of ours or without', async () => {
  await store([version(0, 0)]);
  expect(await store([version(1, 1)])).toMatchObject({ changed: 1 });
  await aComment('posted');
  expect(await store([version(2, 3)])).toMatchObject({ changed: 1 });
  await aComment('failed');
  expect(await store([version(3, 4)])).toMatchObject({ changed: 1 });
});

test('somebody else’s comment is a change, whatever became of ours: deleted there, or never posted', async () => {
  await store([version(0, 0)]);
  await aComment('posted');
  expect(await store([version(1, 1)])).toMatchObject({ changed: 0 });
  expect(await store([version(2, 0)])).toMatchObject({ changed: 1 });
  expect(await store([version(3, 1)])).toMatchObject({ changed: 1 });
  await aComment('posting');
  expect(await store([version(4, 2)])).toMatchObject({ changed: 0 });
  await pool.query(`UPDATE comment SET status = 'failed' WHERE status = 'posting'`);
  expect(await store([version(5, 3)])).toMatchObject({ changed: 1 });
});

test('what changed together with a comment of our own is a change', async () => {
  await store([version(0, 0)]);
  await aComment('posted');
  const raised = version(1, 1, { severity: 'high', raw: rawOf(at(1), 1, { severity: 'High' }) });
  expect(await store([raised])).toMatchObject({ changed: 1 });
  expect(
    await store([version(2, 1, { severity: 'high', raw: rawOf(at(2), 1, { severity: 'High' }) })]),
  ).toMatchObject({
    changed: 1,
  });
});

test('an incident that was marked as deleted and is listed as it was is there again, and readers see it', async () => {
  await store([version(0, 0)]);
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = now()');
  expect(await store([version(0, 0)])).toMatchObject({ changed: 1 });
  expect(await row()).toMatchObject({ deleted_in_sentinel_at: null });
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = now()');
  await aComment('posted');
  expect(await store([version(1, 1)])).toMatchObject({ changed: 1 });
});

test('a reopened incident knows when, and one that is listed again is not deleted any more', async () => {
  await store([version(0, 0, { status: 'closed' })]);
  await pool.query('UPDATE incident SET deleted_in_sentinel_at = now()');
  await store([version(1, 0, { status: 'active' })]);
  expect(await row()).toMatchObject({ reopened_at: new Date(at(1)), deleted_in_sentinel_at: null });
  await store([version(2, 0, { status: 'closed', mergedInto: 7 })]);
  expect(await row()).toMatchObject({ reopened_at: new Date(at(1)), merged_into: 7 });
});

test('a merge is a change of all that show it: of what it went into, to the end, and of what had gone into it', async () => {
  const one = (number: number, minute: number, mergedInto: number | null = null) =>
    anIncident({
      sentinelName: `name-${number}`,
      number,
      mergedInto,
      lastModifiedAt: at(minute),
      etag: at(minute),
    });
  const changedBy = async (...incidents: IncidentRow[]): Promise<number[]> => {
    const before = (await pool.query('SELECT max(change_seq::text::bigint) AS seq FROM incident')).rows[0]
      .seq;
    await store(incidents);
    const sql = 'SELECT number FROM incident WHERE change_seq::text::bigint > $1 ORDER BY number';
    return (await pool.query(sql, [before])).rows.map((changed) => Number(changed.number));
  };
  await store([1, 2, 3, 4, 5].map((number) => one(number, 0)));
  expect(await changedBy(one(1, 1, 2))).toEqual([1, 2]);
  expect(await changedBy(one(2, 2, 3))).toEqual([1, 2, 3]);
  expect(await changedBy(one(4, 3))).toEqual([4]);
  expect(await changedBy(one(1, 4))).toEqual([1, 2, 3]);
  expect(await changedBy(one(3, 5, 2))).toEqual([2, 3]);
});
