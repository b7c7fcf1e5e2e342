import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { postComment } from '@socmate/contracts';
import { type Producer, startProducer } from '@socmate/queue';
import { until } from '@socmate/testing';
import { openWriteFixture, WRITES_TAKEN, type WriteFixture } from './write-fixture.ts';

let fixture: WriteFixture;
let producer: Producer<typeof postComment.payload>;
beforeAll(async () => {
  fixture = await openWriteFixture();
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  producer = startProducer(postComment, { url, prefix });
});
afterEach(() => fixture.clean());
afterAll(async () => {
  await producer.close();
  await fixture.close();
});

const wake = async (): Promise<void> =>
  producer.add({ incidentId: String((await fixture.incident())['id']) }, { dedupeId: randomUUID() });
const post = async (only: Record<string, unknown> = {}): Promise<string> => {
  const id = await fixture.addComment(only);
  await wake();
  return id;
};
/** Does not wait for the time at which the worker would try again. */
const tryAgain = async (): Promise<void> => {
  await fixture.pool.query('UPDATE comment SET due_at = now()');
  await wake();
};
/** Waits until the worker has given a comment back. */
const waits = (id: string) =>
  until('the comment waits', async () => {
    const row = await fixture.read('comment', id);
    return row['error'] !== null && row['lease_owner'] === null && row;
  });
const becomes = (id: string, ...statuses: string[]) => fixture.becomes('comment', id, ...statuses);
const fault = (kind: string, more: object = {}) =>
  fixture.control.post('/faults', { target: 'comments', kind, method: 'PUT', count: 1, ...more });
const inAzure = async () => (await fixture.azureIncident()).commentsCount;

test('a comment that arrived although its answer was lost is found, and not posted again', async () => {
  await fixture.begin();
  await fault('drop', { after: true });
  const id = await post();
  expect(await waits(id)).toMatchObject({ status: 'posting', posted_at: null });
  await tryAgain();
  await becomes(id, 'posted');
  expect([await fixture.puts(), await inAzure()]).toEqual([1, 1]);
});

test('a comment that did not arrive stays `posting` until Azure was asked, and is posted then', async () => {
  await fixture.begin();
  await fault('500');
  const id = await post();
  expect(await waits(id)).toMatchObject({ status: 'posting', attempts: 1 });
  await tryAgain();
  expect(await becomes(id, 'posted')).toMatchObject({ attempts: 2, error: null });
  expect([await fixture.puts(), await inAzure()]).toEqual([2, 1]);
});

test('a process that is killed between the post and its record leaves one comment', async () => {
  await fixture.begin();
  await fixture.closeReplicas();
  await fault('latency', { ms: 8_000, after: true });
  const id = await fixture.addComment();
  const env = { ...process.env, ...fixture.env, NODE_EXTRA_CA_CERTS: fixture.simulator.caFile };
  const args = ['--conditions=@socmate/source', join(import.meta.dirname, 'main.ts')];
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  await until('the comment is in Azure', async () => (await inAzure()) === 1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await fixture.read('comment', id)).toMatchObject({ status: 'posting' });
  await fixture.start();
  expect(await becomes(id, 'posted')).toMatchObject({ attempts: 1 });
  expect([await fixture.puts(), await inAzure()]).toEqual([1, 1]);
});

test('while Azure’s quota of writes is used up a comment waits, and spends no attempt', async () => {
  await fixture.begin();
  await fixture.pool.query(WRITES_TAKEN);
  const id = await post();
  expect(await waits(id)).toMatchObject({ status: 'pending', attempts: 0, error: { code: 'unavailable' } });
  expect(await fixture.puts()).toBe(0);
  await fixture.pool.query(`UPDATE azure_quota SET taken = '{}'`);
  await tryAgain();
  expect(await becomes(id, 'posted')).toMatchObject({ attempts: 1, error: null });
});

test('what Azure throttles is posted when it asked to, by nobody sooner, and spends no attempt', async () => {
  await fixture.begin();
  await fault('429', { ms: 60_000 });
  const id = await post();
  expect(await waits(id)).toMatchObject({ status: 'pending', attempts: 0 });
  const [asked] = await fixture.rows(`SELECT blocked_until > now() + interval '50 seconds' AS quota,
    (SELECT due_at > now() + interval '50 seconds' FROM comment) AS comment FROM azure_quota WHERE kind = 'write'`);
  expect(asked).toEqual({ quota: true, comment: true });
  await fixture.pool.query('UPDATE azure_quota SET blocked_until = now()');
  await tryAgain();
  expect(await becomes(id, 'posted')).toMatchObject({ attempts: 1 });
});

test('what was tried often enough, or for a day, is given up with its last fault, unless it is there', async () => {
  await fixture.begin();
  const error = { code: 'unavailable', message: 'Azure answered 500' };
  const often = await fixture.addComment({ status: 'posting', attempts: 10, error });
  const old = await post({ created_at: new Date(Date.now() - 25 * 3_600_000), error });
  expect((await becomes(often, 'failed'))['error']).toMatchObject({
    message: 'given up after 10 attempts: Azure answered 500',
  });
  expect((await becomes(old, 'failed'))['error']).toMatchObject({
    message: 'given up after a day: Azure answered 500',
  });
  const there = await post();
  await becomes(there, 'posted');
  await fixture.pool.query(`UPDATE comment SET status = 'posting' WHERE id = $1`, [there]);
  await tryAgain();
  await becomes(there, 'posted');
});
