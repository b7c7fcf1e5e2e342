import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { syncProvider } from '@socmate/contracts';
import { type Producer, startProducer } from '@socmate/queue';
import { anEndpoint, until } from '@socmate/testing';
import { z } from 'zod';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
let producer: Producer<typeof syncProvider.payload>;
beforeAll(async () => {
  fixture = await openSyncFixture();
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  producer = startProducer(syncProvider, { url, prefix });
});
afterEach(() => fixture.clean());
afterAll(async () => {
  await producer.close();
  await fixture.close();
});

const listings = async (): Promise<number> =>
  (await fixture.control.requests()).filter(({ path }) => /\/incidents(\?|$)/.test(path)).length;

function startProcess(): ChildProcess {
  const env = { ...process.env, ...fixture.env, NODE_EXTRA_CA_CERTS: fixture.simulator.caFile };
  const args = ['--conditions=@socmate/source', join(import.meta.dirname, 'main.ts')];
  return spawn(process.execPath, args, { env, stdio: 'ignore' });
}

test('two replicas do not sync one workspace at the same time', async () => {
  await fixture.control.post('/generate', { incidents: 120, seed: 1 });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 150 });
  const id = await fixture.connect();
  await Promise.all([fixture.start(), fixture.start()]);
  for (let i = 0; i < 5; i++) await producer.add({ providerId: id });
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(120);
  expect(await listings()).toBe(3);
});

test('a wake-up that comes twice, or late, syncs a workspace that is due once', async () => {
  const id = await fixture.connect();
  await fixture.start();
  await fixture.synced(id);
  const before = await listings();
  await producer.add({ providerId: id });
  await producer.add({ providerId: id }, { dedupeId: 'another' });
  await fixture.syncNow(id);
  await fixture.synced(id);
  expect(await listings()).toBe(before + 1);
});

test('a wake-up for a workspace that is gone, or of a shape that cannot be read, stops nothing', async () => {
  const id = await fixture.connect();
  await fixture.start();
  await producer.add({ providerId: 'prv_gone' });
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  const bad = startProducer({ ...syncProvider, payload: z.object({}), dedupe: () => 'bad' }, { url, prefix });
  await bad.add({});
  await bad.close();
  await fixture.synced(id);
  await fixture.syncNow(id);
  expect((await fixture.synced(id)).last_error).toBeNull();
});

test('what a dead owner held is taken over at once', async () => {
  await fixture.control.post('/generate', { incidents: 5, seed: 2 });
  const id = await fixture.connect({
    sync_owner: 'wrk_dead',
    next_sync_at: new Date(Date.now() + 3_600_000),
  });
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(5);
});

test('a process killed in the middle of a sync is replaced, and every incident alerts once', async () => {
  await fixture.control.post('/generate', { incidents: 200, seed: 3, severity: { High: 1 } });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 200 });
  await anEndpoint(fixture.pool);
  const id = await fixture.connect();
  const child = startProcess();
  await until('the first page is stored', () => fixture.count('incident'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = await fixture.count('incident');
  expect(left).toBeLessThan(200);
  await fixture.control.clear();
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(200);
  const [alerts] = await fixture.rows(
    `SELECT count(*)::int AS events, count(DISTINCT cause_key)::int AS causes FROM event`,
  );
  const [silent] = await fixture.rows(
    `SELECT count(*)::int AS n FROM incident WHERE status <> 'closed' AND alerted_severity IS NULL`,
  );
  expect(alerts?.['events']).toBe(alerts?.['causes']);
  expect(await fixture.count('delivery')).toBe(alerts?.['events']);
  expect(silent).toEqual({ n: 0 });
});

test('a process that is asked to stop leaves its sync to be taken up at once', async () => {
  await fixture.control.post('/generate', { incidents: 200, seed: 4 });
  await fixture.control.post('/faults', { target: 'incidents', kind: 'latency', ms: 200 });
  const id = await fixture.connect();
  const child = startProcess();
  await until('the first page is stored', () => fixture.count('incident'));
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await fixture.state(id)).toMatchObject({
    sync_owner: null,
    consecutive_failures: 0,
    last_error: null,
  });
  await fixture.control.clear();
  await fixture.start();
  await fixture.synced(id);
  expect(await fixture.count('incident')).toBe(200);
});
