import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const nowhere = '00000000-0000-4000-8000-000000000000';

test.each([
  ['429', { kind: '429', ms: 60_000 }],
  ['500', { kind: '500' }],
  ['drop', { kind: 'drop' }],
])(
  'a page that fails with %s keeps what was stored, moves no watermark, and the next sync has all',
  async (_, fault) => {
    await fixture.control.post('/generate', { incidents: 120, seed: 6 });
    const id = await fixture.connect();
    await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 150 });
    await fixture.start();
    await until('the first page is stored', () => fixture.count('incident'));
    await fixture.control.post('/faults', { target: 'incidents', count: 5, ...fault });
    const failed = await fixture.failed(id);
    expect(failed).toMatchObject({ watermark: null, last_synced_at: null, sync_owner: null });
    expect(failed.last_error).toMatchObject({ code: 'unavailable' });
    const stored = await fixture.count('incident');
    expect(stored).toBeGreaterThanOrEqual(50);
    expect(stored).toBeLessThan(120);
    await fixture.control.clear();
    const again = fixture.synced(id);
    await fixture.syncNow(id);
    expect(await again).toMatchObject({ last_error: null, consecutive_failures: 0 });
    expect(await fixture.count('incident')).toBe(120);
  },
);

test('a wait that Azure asks for is honoured', async () => {
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', kind: '429', ms: 120_000 });
  await fixture.start();
  const { next_sync_at } = await fixture.failed(id);
  expect(next_sync_at.getTime() - Date.now()).toBeGreaterThan(100_000);
});

test.each([
  ['secret', { client_secret: 'wrong' }, /client secret .* is wrong \(AADSTS7000215\)/],
  ['tenant', { tenant_id: nowhere }, /knows no tenant/],
  ['workspace', { workspace_name: 'other' }, /no workspace other/],
])('a wrong %s is told in the workspace’s last error, in a sentence', async (_, only, message) => {
  const id = await fixture.connect(only);
  await fixture.start();
  expect((await fixture.failed(id)).last_error).toEqual({
    code: 'invalid_input',
    message: expect.stringMatching(message),
  });
});

test('a workspace that fails does not keep another from being synced', async () => {
  await fixture.control.post('/generate', { incidents: 5, seed: 7 });
  const bad = await fixture.connect({ client_secret: 'wrong' }, 'sample-rest');
  const good = await fixture.connect();
  await fixture.start();
  await until('synced', async () => (await fixture.state(good)).last_synced_at);
  await fixture.failed(bad);
  expect(await fixture.count('incident')).toBe(5);
});

test('a secret that cannot be opened fails its own workspace, with a reason', async () => {
  const id = await fixture.connect({
    client_secret_sealed: 'v1.k9.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
  });
  await fixture.start();
  expect((await fixture.failed(id)).last_error?.message).toMatch(/master key 'k9', which is not configured/);
});

test('with Redis away from the start, workspaces are synced all the same', async () => {
  await fixture.control.post('/generate', { incidents: 60, seed: 8 });
  const id = await fixture.connect();
  await fixture.start({ REDIS_URL: 'redis://127.0.0.1:1' });
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(60);
});

test('a list of pages that never ends is given up', async () => {
  await fixture.control.post('/generate', { incidents: 60, seed: 9 });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'endless' });
  const id = await fixture.connect();
  await fixture.start();
  expect((await fixture.failed(id)).last_error).toMatchObject({ code: 'upstream_error' });
});
