import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { commentMarker, postComment } from '@socmate/contracts';
import { createCommentQueue } from '@socmate/database';
import { type Producer, startProducer } from '@socmate/queue';
import { until } from '@socmate/testing';
import { z } from 'zod';
import { openWriteFixture, type WriteFixture } from './write-fixture.ts';

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
const becomes = (id: string, ...statuses: string[]) => fixture.becomes('comment', id, ...statuses);
const inAzure = async () => (await fixture.azureIncident()).commentsCount;

test('a comment is posted with its marker, although nobody woke its worker', async () => {
  await fixture.begin();
  const id = await fixture.addComment();
  const row = await becomes(id, 'posted');
  expect(row).toMatchObject({ attempts: 1, error: null, lease_owner: null, posted_at: expect.any(Date) });
  expect(await fixture.azureComment(id)).toBe(`Blocked the address.\n\n${commentMarker(id)}`);
  expect(await inAzure()).toBe(1);
});

test('a comment of ours does not come back as a change of the incident', async () => {
  const provider = await fixture.begin();
  await until('its details are read', async () => (await fixture.incident())['details_due_at'] === null);
  const { change_seq: before, raw } = await fixture.incident();
  await becomes(await post(), 'posted');
  const synced = fixture.synced(provider);
  await fixture.syncNow(provider);
  await synced;
  expect((await fixture.incident())['change_seq']).toBe(before);
  expect((await fixture.incident())['raw']).not.toEqual(raw);
});

test('wake-ups that come twice, to two replicas, post each comment once', async () => {
  await fixture.begin();
  await fixture.start();
  const ids = [await fixture.addComment(), await fixture.addComment({ message: 'And the account.' })];
  const { id: incidentId } = await fixture.incident();
  await producer.add({ incidentId: String(incidentId) });
  await producer.add({ incidentId: String(incidentId) }, { dedupeId: 'again' });
  for (const id of ids) await becomes(id, 'posted');
  expect([await fixture.puts(), await inAzure()]).toEqual([2, 2]);
});

test('a wake-up for an incident that is gone, or of a shape that cannot be read, stops nothing', async () => {
  await fixture.begin();
  await producer.add({ incidentId: 'inc_gone' });
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  const bad = startProducer({ ...postComment, payload: z.object({}), dedupe: () => 'bad' }, { url, prefix });
  await bad.add({});
  await bad.close();
  expect(await becomes(await post(), 'posted')).toMatchObject({ attempts: 1 });
});

test('without the role that may write, a comment fails and names it', async () => {
  const { applications } = (await fixture.applications()) as { applications: Record<string, string>[] };
  const reader = applications.find(({ name }) => name === 'reader');
  await fixture.begin({ client_id: reader?.['client_id'], client_secret: reader?.['client_secret'] });
  const row = await becomes(await post(), 'failed');
  expect(row['error']).toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('Microsoft Sentinel Responder'),
  });
});

test('a comment on an incident that was deleted in Sentinel fails', async () => {
  await fixture.begin();
  const { number } = await fixture.incident();
  await fixture.control.post(`/incidents/${Number(number)}/delete`);
  expect((await becomes(await post(), 'failed'))['error']).toMatchObject({ code: 'not_found' });
});

test('a comment beyond what Azure takes fails', async () => {
  await fixture.begin();
  const { number } = await fixture.incident();
  for (let i = 0; i < 100; i++)
    await fixture.control.post(`/incidents/${Number(number)}/comments`, { message: 'c' });
  const row = await becomes(await post(), 'failed');
  expect(row).toMatchObject({ attempts: 1, error: { code: 'upstream_error' } });
});

test('comments of a disabled workspace wait, and those of a disconnected one fail', async () => {
  const provider = await fixture.begin();
  await fixture.pool.query('UPDATE siem_provider SET enabled = false');
  const id = await fixture.addComment();
  expect(await createCommentQueue(fixture.pool).due(10)).toEqual([]);
  await fixture.pool.query('UPDATE siem_provider SET deleted_at = now() WHERE id = $1', [provider]);
  expect((await becomes(id, 'failed'))['error']).toMatchObject({ message: 'the workspace was disconnected' });
  expect(await fixture.puts()).toBe(0);
});
