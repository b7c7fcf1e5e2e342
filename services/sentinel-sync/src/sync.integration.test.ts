import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { anEndpoint, until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const incidents = async (columns: string) =>
  (await fixture.pool.query(`SELECT ${columns} FROM incident ORDER BY number`)).rows;

test('a new workspace is synced at once, all pages of it, each incident once', async () => {
  await fixture.control.post('/generate', { incidents: 130, seed: 1, spread: 'PT24H' });
  await anEndpoint(fixture.pool);
  const id = await fixture.connect();
  await fixture.start();
  const state = await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(130);
  const [{ newest }] = (await fixture.pool.query('SELECT max(last_modified_at) AS newest FROM incident'))
    .rows;
  expect(state).toMatchObject({ last_error: null, consecutive_failures: 0, watermark: newest });
  const [{ due }] = (
    await fixture.pool.query(
      `SELECT count(*)::int AS due FROM incident WHERE severity IN ('medium', 'high') AND status <> 'closed'`,
    )
  ).rows;
  expect(await fixture.count('event')).toBe(due);
  expect(await fixture.count('delivery')).toBe(due);
});

test('what was created before the workspace was connected alerts nobody', async () => {
  await fixture.control.post('/generate', { incidents: 20, seed: 2, spread: 'PT24H' });
  const id = await fixture.connect({ alert_backlog: false });
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(20);
  expect(await fixture.count('event')).toBe(0);
});

/** The incidents of all sample files, by their ARM name; one that is in two files counts once. */
function samples(): Map<string, unknown> {
  const folder = join(import.meta.dirname, '../../../infra/azure-simulator/samples');
  const files = ['rest', 'verbatim'].flatMap((group) =>
    readdirSync(join(folder, group)).map((file) => join(folder, group, file)),
  );
  const found = new Map<string, unknown>();
  for (const file of files) {
    const body = JSON.parse(readFileSync(file, 'utf8'));
    for (const raw of [body, ...(body.value ?? [])]) {
      if (raw.properties?.incidentNumber !== undefined && !found.has(raw.name)) found.set(raw.name, raw);
    }
  }
  return found;
}

test('every real sample is stored as Sentinel sent it', async () => {
  const names = fixture.simulator.workspaces
    .map(({ name }) => name)
    .filter((name) => name.startsWith('sample'));
  const ids = await Promise.all(names.map((name) => fixture.connect({ first_window: 'P10Y' }, name)));
  await fixture.start();
  for (const id of ids) await until('synced', async () => (await fixture.state(id)).last_synced_at);
  const stored = await incidents('sentinel_name, raw');
  const sent = samples();
  expect(sent.size).toBeGreaterThanOrEqual(7);
  expect(new Map(stored.map(({ sentinel_name, raw }) => [sentinel_name, raw]))).toEqual(sent);
});

test('a change in Sentinel arrives with the next sync and leaves notes, tags and assignee', async () => {
  await fixture.control.post('/generate', { incidents: 3, seed: 3, severity: { Low: 1 } });
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  await fixture.pool.query(`UPDATE incident SET notes = 'ours', tags = '{vip}', assignee = 'jane'`);
  const [{ number }] = await incidents('number');
  await fixture.control.post(`/incidents/${number}`, { title: 'Changed there' });
  const again = fixture.synced(id);
  await fixture.syncNow(id);
  await again;
  expect((await incidents('title, notes, tags, assignee'))[0]).toEqual({
    title: 'Changed there',
    notes: 'ours',
    tags: ['vip'],
    assignee: 'jane',
  });
});

test('an incident alerts once, again when its severity rises, and never for a sync that brings nothing new', async () => {
  await fixture.control.post('/generate', { incidents: 1, seed: 4, severity: { Low: 1 } });
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  const [{ number, sentinel_name: name }] = await incidents('number, sentinel_name');
  const causes: unknown[][] = [];
  for (const severity of ['Low', 'Medium', 'High', 'Low', 'High']) {
    await fixture.control.post(`/incidents/${number}`, { severity });
    const again = fixture.synced(id);
    await fixture.syncNow(id);
    await again;
    const { rows } = await fixture.pool.query('SELECT cause_key FROM event ORDER BY id');
    causes.push(rows.map(({ cause_key }) => String(cause_key).split(`${name}:`)[1]));
  }
  const risen = ['new', 'raised:high', 'new:high'];
  expect(causes).toEqual([[], ['new'], risen, risen, risen]);
});

test('a sync asked for while one runs is run after it', async () => {
  await fixture.control.post('/generate', { incidents: 1, seed: 5 });
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 700, count: 1 });
  await fixture.start();
  await until('the first sync runs', async () => (await fixture.state(id)).sync_owner);
  await fixture.syncNow(id);
  const first = await fixture.synced(id);
  const second = await fixture.synced(id);
  expect(second.last_synced_at?.getTime()).toBeGreaterThan(first.last_synced_at?.getTime() ?? 0);
});

test('a workspace that is disabled or deleted is left alone', async () => {
  const disabled = await fixture.connect({ enabled: false });
  const deleted = await fixture.connect({ deleted_at: new Date() }, 'sample-rest');
  const live = await fixture.connect({}, 'sample-verbatim');
  await fixture.start();
  await until('synced', async () => (await fixture.state(live)).last_synced_at);
  expect((await fixture.state(disabled)).last_synced_at).toBeNull();
  expect((await fixture.state(deleted)).last_synced_at).toBeNull();
});
