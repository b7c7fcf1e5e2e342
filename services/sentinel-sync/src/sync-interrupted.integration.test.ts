import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const pagesAsked = async (): Promise<number> =>
  (await fixture.control.requests()).filter(({ path }) => /\/incidents(\?|$)/.test(path)).length;

test('a sync that was interrupted goes on where it stopped, and sees what changed meanwhile', async () => {
  await fixture.control.post('/generate', { incidents: 1_000, seed: 11 });
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 40 });
  await fixture.start();
  await until('most pages are stored', async () => (await fixture.count('incident')) >= 800);
  await fixture.closeReplicas();
  expect(await fixture.state(id)).toMatchObject({ watermark: null, unfinished: expect.anything() });
  const [{ number, sentinel_name: name } = {}] = await fixture.rows(
    'SELECT number, sentinel_name FROM incident ORDER BY last_modified_at DESC LIMIT 1',
  );
  await fixture.control.clear();
  await fixture.control.post(`/incidents/${Number(number)}`, { title: 'Changed meanwhile' });
  await fixture.start();
  const state = await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(1_000);
  const [changed] = await fixture.rows(
    `SELECT title, last_modified_at FROM incident WHERE sentinel_name = '${String(name)}'`,
  );
  expect(changed?.['title']).toBe('Changed meanwhile');
  expect(state).toMatchObject({ unfinished: null, watermark: changed?.['last_modified_at'] });
});

test('what an interrupted sync has read is not read again', async () => {
  await fixture.control.post('/generate', {
    incidents: 1_000,
    seed: 12,
    modified: 'created',
    spread: 'PT120H',
  });
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 40 });
  await fixture.start();
  await until('most pages are stored', async () => (await fixture.count('incident')) >= 800);
  await fixture.closeReplicas();
  await fixture.control.clear();
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(1_000);
  expect(await pagesAsked()).toBeLessThanOrEqual(10);
});

test.each([
  ['is no JSON', { kind: 'garbage', shape: 'text' }],
  ['has another shape', { kind: 'garbage', shape: 'json' }],
  ['leads to a foreign address', { kind: 'foreign' }],
  ['leads nowhere by ever different links', { kind: 'endless', links: 'different' }],
])('a page that %s is told, moves no watermark, and the next sync has all', async (_, fault) => {
  await fixture.control.post('/generate', { incidents: 120, seed: 13 });
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', ...fault });
  await fixture.start();
  const failed = await fixture.failed(id);
  expect(failed).toMatchObject({ watermark: null, last_error: { code: 'upstream_error' } });
  await fixture.control.clear();
  const again = fixture.synced(id);
  await fixture.syncNow(id);
  expect(await again).toMatchObject({ last_error: null });
  expect(await fixture.count('incident')).toBe(120);
});

test('pages that hold less than was asked for are read to the end', async () => {
  await fixture.control.post('/generate', { incidents: 120, seed: 14 });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'partial' });
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(120);
});

test('an incident from the future moves the watermark no further than the others', async () => {
  await fixture.control.post('/generate', { incidents: 3, seed: 15 });
  const id = await fixture.connect();
  await fixture.start();
  const { watermark } = await fixture.synced(id);
  await fixture.control.post('/clock', { offset: 'PT5H' });
  await fixture.control.post('/generate', { incidents: 1, seed: 16 });
  await fixture.control.post('/clock', { offset: '-PT1M' });
  const again = fixture.synced(id);
  await fixture.syncNow(id);
  expect((await again).watermark).toEqual(watermark);
  await fixture.control.post('/generate', { incidents: 1, seed: 17 });
  const last = fixture.synced(id);
  await fixture.syncNow(id);
  await last;
  await fixture.control.post('/clock', { offset: 'PT0S' });
  expect(await fixture.count('incident')).toBe(5);
});

test('where Azure’s clock is ahead, all is read and the watermark is now', async () => {
  await fixture.control.post('/clock', { offset: 'PT5H' });
  await fixture.control.post('/generate', { incidents: 60, seed: 18 });
  const id = await fixture.connect();
  await fixture.start();
  const state = await fixture.synced(id);
  await fixture.control.post('/clock', { offset: 'PT0S' });
  expect(await fixture.count('incident')).toBe(60);
  expect(state.watermark?.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
});
