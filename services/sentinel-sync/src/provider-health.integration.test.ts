import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { anEndpoint, until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

test('a workspace that fails three syncs in a row and comes back is told to who asked for it', async () => {
  await anEndpoint(fixture.pool, { event_types: ['provider-unhealthy', 'provider-recovered'] });
  const id = await fixture.connect({ tenant_id: '00000000-0000-4000-8000-000000000000' });
  await fixture.start();
  await until('three syncs have failed', async () => {
    await fixture.syncNow(id);
    return (await fixture.state(id)).consecutive_failures >= 3;
  });
  const told = `SELECT type, convert_from(body, 'UTF8')::jsonb -> 'data' AS data FROM delivery
    JOIN event ON event.id = event_id ORDER BY event.id`;
  const [unhealthy, ...more] = await fixture.rows(told);
  expect(more).toEqual([]);
  expect(unhealthy).toMatchObject({
    type: 'provider-unhealthy',
    data: { provider: 'prod-sentinel', error: { code: 'invalid_input' }, last_success_at: null },
  });
  const [{ tenant_id } = { tenant_id: '' }] = fixture.simulator.workspaces;
  await fixture.pool.query('UPDATE siem_provider SET tenant_id = $1', [tenant_id]);
  const synced = fixture.synced(id);
  await fixture.syncNow(id);
  await synced;
  expect((await fixture.rows(told)).map(({ type }) => type)).toEqual([
    'provider-unhealthy',
    'provider-recovered',
  ]);
});
