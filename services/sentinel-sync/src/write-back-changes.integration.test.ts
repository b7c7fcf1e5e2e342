import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { changeIncident, type StatusChangeCreate } from '@socmate/contracts';
import { createStatusChangeQueue } from '@socmate/database';
import { type Producer, startProducer } from '@socmate/queue';
import { until } from '@socmate/testing';
import { z } from 'zod';
import { openWriteFixture, WRITES_TAKEN, type WriteFixture } from './write-fixture.ts';

let fixture: WriteFixture;
let producer: Producer<typeof changeIncident.payload>;
beforeAll(async () => {
  fixture = await openWriteFixture();
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  producer = startProducer(changeIncident, { url, prefix });
});
afterEach(() => fixture.clean());
afterAll(async () => {
  await producer.close();
  await fixture.close();
});

const ACTIVE: StatusChangeCreate = { status: 'active' };
const CLOSED: StatusChangeCreate = {
  status: 'closed',
  classification: 'false_positive',
  reason: 'incorrect_alert_logic',
  comment: 'The rule is too wide',
};

const becomes = (id: string, ...statuses: string[]) => fixture.becomes('status_change', id, ...statuses);
const wake = (changeId: string) => producer.add({ changeId }, { dedupeId: randomUUID() });
const change = async (requested: StatusChangeCreate, only: Record<string, unknown> = {}) => {
  const id = await fixture.addChange(requested, only);
  await wake(id);
  return id;
};
const tryAgain = async (id: string): Promise<void> => {
  await fixture.pool.query('UPDATE status_change SET due_at = now()');
  await wake(id);
};
const waits = (id: string) =>
  until('the change waits', async () => {
    const row = await fixture.read('status_change', id);
    return row['error'] !== null && row['lease_owner'] === null && row;
  });
const fault = (kind: string, more: object = {}) =>
  fixture.control.post('/faults', { target: 'incidents', kind, method: 'PUT', count: 1, ...more });
const inSentinel = async (path: string, body: object = {}): Promise<void> => {
  const { number } = await fixture.incident();
  await fixture.control.post(`/incidents/${Number(number)}${path}`, body);
};
const audited = async (id: string) => {
  const text = `SELECT actor, action, target_id, before, after, request_id FROM audit_log WHERE target_id = $1`;
  return (await fixture.pool.query(text, [id])).rows as Record<string, unknown>[];
};

test('a change keeps all else of the incident, is audited, and is synced at once', async () => {
  await fixture.begin();
  await inSentinel('', { labels: ['vip', 'tier-0'], owner: 'jane@contoso.com', description: 'Seen twice' });
  await fixture.pool.query('UPDATE siem_provider SET next_sync_at = now()');
  await until('it is synced', async () => (await fixture.incident())['description'] === 'Seen twice');
  const before = await fixture.azureIncident();
  const id = await change(CLOSED, { request_id: 'req_1' });
  const row = await becomes(id, 'applied');
  const { lastModifiedAt: _, etag: __, raw: ___, ...after } = await fixture.azureIncident();
  expect(after).toEqual({
    ...Object.fromEntries(Object.keys(after).map((key) => [key, before[key as keyof typeof before]])),
    status: 'closed',
    classification: 'FalsePositive',
    classificationReason: 'IncorrectAlertLogic',
    classificationComment: 'The rule is too wide',
  });
  expect(after).toMatchObject({ labels: ['vip', 'tier-0'], owner: 'jane@contoso.com' });
  const states = {
    before: { status: before.status, classification: null, reason: null, comment: null, owner: before.owner },
    after: { ...CLOSED, owner: before.owner },
  };
  expect(row).toMatchObject({ ...states, error: null, attempts: 1, completed_at: expect.any(Date) });
  expect(await audited(id)).toEqual([
    {
      actor: 'key_test',
      action: 'status_change.applied',
      target_id: id,
      request_id: 'req_1',
      before: states.before,
      after: expect.objectContaining(states.after),
    },
  ]);
  await until('the change is synced', async () => (await fixture.incident())['status'] === 'closed');
});

test('reopening takes the classification away, and an owner is set or removed', async () => {
  await fixture.begin();
  await becomes(await change({ ...CLOSED, owner: 'kim@contoso.com' }), 'applied');
  expect(await fixture.azureIncident()).toMatchObject({ status: 'closed', owner: 'kim@contoso.com' });
  await until('it is synced', async () => (await fixture.incident())['owner'] === 'kim@contoso.com');
  await becomes(await change({ ...ACTIVE, owner: null }), 'applied');
  const none = { classification: null, classificationReason: null, classificationComment: null, owner: null };
  expect(await fixture.azureIncident()).toMatchObject({ status: 'active', ...none });
});

test('an incident that changed in Sentinel since it was synced is a conflict, and is not written', async () => {
  await fixture.begin();
  await inSentinel('', { description: 'An analyst was here' });
  const id = await change(ACTIVE);
  const row = await becomes(id, 'conflict');
  expect(row['error']).toMatchObject({ code: 'conflict', message: expect.stringContaining('(description)') });
  expect(await fixture.puts()).toBe(0);
  expect(await audited(id)).toMatchObject([{ action: 'status_change.refused' }]);
});

test('a comment in Sentinel is no change of the incident', async () => {
  await fixture.begin();
  await inSentinel('/comments', { message: 'I look into it' });
  await becomes(await change(ACTIVE), 'applied');
  expect(await fixture.azureIncident()).toMatchObject({ status: 'active', commentsCount: 1 });
});

test('an incident that is as requested already is not written', async () => {
  await fixture.begin();
  const { status } = await fixture.azureIncident();
  await becomes(await change({ status }), 'applied');
  expect(await fixture.puts()).toBe(0);
});

test('a change that was made although its answer was lost is found, and not made again', async () => {
  await fixture.begin();
  await fault('drop', { after: true });
  const id = await change(ACTIVE);
  expect(await waits(id)).toMatchObject({ status: 'applying', attempts: 1 });
  await tryAgain(id);
  expect(await becomes(id, 'applied')).toMatchObject({ attempts: 1, error: null });
  expect(await fixture.puts()).toBe(1);
});

test('a change whose answer was lost and that was not made is made once Azure was asked', async () => {
  await fixture.begin();
  await fault('500');
  const id = await change(ACTIVE);
  expect(await waits(id)).toMatchObject({ status: 'applying' });
  await tryAgain(id);
  expect(await becomes(id, 'applied')).toMatchObject({ attempts: 2 });
  expect([await fixture.puts(), (await fixture.azureIncident()).status]).toEqual([2, 'active']);
});

test.each([
  [
    'that the quota had no room for',
    () => fixture.pool.query('UPDATE azure_quota SET taken = array_fill(now(), ARRAY[75])'),
  ],
  ['that Azure throttled', () => fault('429', { ms: 60_000 })],
])('an attempt %s does not forget that an earlier one may still arrive', async (_, hinder) => {
  await fixture.begin();
  await fault('500');
  const id = await change(ACTIVE);
  await waits(id);
  const { error } = await fixture.read('status_change', id);
  await hinder();
  await tryAgain(id);
  await until('it was tried again', async () => {
    const row = await fixture.read('status_change', id);
    return row['lease_owner'] === null && JSON.stringify(row['error']) !== JSON.stringify(error);
  });
  expect(await fixture.read('status_change', id)).toMatchObject({ status: 'applying', attempts: 1 });
  await inSentinel('', { status: 'Active' });
  await fixture.pool.query(`UPDATE azure_quota SET taken = '{}', blocked_until = NULL`);
  await tryAgain(id);
  expect(await becomes(id, 'applied')).toMatchObject({ error: null });
});

test('what a worker that died had begun is taken over, and an analyst’s change since then wins', async () => {
  await fixture.begin();
  await inSentinel('', { description: 'An analyst was here' });
  const id = await change(ACTIVE, { status: 'applying', attempts: 1, lease_owner: 'wrk_dead' });
  await becomes(id, 'conflict');
  expect(await fixture.puts()).toBe(0);
});

test('what a worker that died had made is found, and not made again', async () => {
  await fixture.begin();
  await inSentinel('', { status: 'Active' });
  const id = await change(ACTIVE, { status: 'applying', attempts: 1, lease_owner: 'wrk_dead' });
  expect(await becomes(id, 'applied')).toMatchObject({ after: expect.objectContaining(ACTIVE) });
  expect(await fixture.puts()).toBe(0);
});

test('wake-ups that come twice, to two replicas, make a change once', async () => {
  await fixture.begin();
  await fixture.start();
  const id = await change(ACTIVE);
  await wake(id);
  await becomes(id, 'applied');
  await wake(id);
  await wake('chg_gone');
  const { REDIS_URL: url = '', QUEUE_PREFIX: prefix = '' } = fixture.env;
  const bad = startProducer(
    { ...changeIncident, payload: z.object({}), dedupe: () => 'bad' },
    { url, prefix },
  );
  await bad.add({});
  await bad.close();
  await until('it is synced', async () => (await fixture.incident())['status'] === 'active');
  await becomes(await change({ status: 'new' }), 'applied');
  expect(await fixture.puts()).toBe(2);
});

test('without the role that may write, a change fails and names it', async () => {
  const { applications } = (await fixture.applications()) as { applications: Record<string, string>[] };
  const reader = applications.find(({ name }) => name === 'reader');
  await fixture.begin({ client_id: reader?.['client_id'], client_secret: reader?.['client_secret'] });
  const row = await becomes(await change(ACTIVE), 'failed');
  expect(row['error']).toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('Microsoft Sentinel Responder'),
  });
});

test('a change of an incident that was deleted, or that is not allowed any more, fails', async () => {
  await fixture.begin();
  await fixture.pool.query('UPDATE siem_provider SET allow_status_changes = false');
  expect((await becomes(await change(ACTIVE), 'failed'))['error']).toMatchObject({ code: 'forbidden' });
  await fixture.pool.query('UPDATE siem_provider SET allow_status_changes = true');
  await inSentinel('/delete');
  const row = await becomes(await change(ACTIVE), 'failed');
  expect(row['error']).toMatchObject({ message: 'the incident was deleted in Sentinel' });
});

test('while Azure’s quota of writes is used up a change waits, as does one of a disabled workspace', async () => {
  await fixture.begin();
  await fixture.pool.query(WRITES_TAKEN);
  const id = await change(ACTIVE);
  expect(await waits(id)).toMatchObject({ status: 'pending', attempts: 0 });
  await fixture.pool.query(`UPDATE azure_quota SET taken = '{}'`);
  await fixture.pool.query('UPDATE siem_provider SET enabled = false');
  await fixture.pool.query('UPDATE status_change SET due_at = now()');
  expect(await createStatusChangeQueue(fixture.pool).due(10)).toEqual([]);
  await fixture.pool.query('UPDATE siem_provider SET enabled = true');
  await tryAgain(id);
  expect(await becomes(id, 'applied')).toMatchObject({ attempts: 1 });
});
