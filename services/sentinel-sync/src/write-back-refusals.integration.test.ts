import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createAzureQuota, createCommentQueue } from '@socmate/database';
import { AppError, createLogger } from '@socmate/runtime';
import { ConnectionError, type SentinelClient } from '@socmate/sentinel';
import { createPostComments } from './write-back-comments.ts';
import { openWriteFixture, type WriteFixture } from './write-fixture.ts';

let fixture: WriteFixture;
beforeAll(async () => {
  fixture = await openWriteFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const refusing = (fault: Error): Partial<SentinelClient> => ({
  comment: () => Promise.resolve(undefined),
  putComment: () => Promise.reject(fault),
});
const willing: Partial<SentinelClient> = {
  comment: () => Promise.resolve(undefined),
  putComment: () => Promise.resolve(),
};

/** Posts what is due while Azure is what these clients say: the next one once a client was forgotten. */
async function postWith(...clients: Partial<SentinelClient>[]): Promise<void> {
  const { pool } = fixture;
  const post = createPostComments({
    owner: 'wrk_test',
    heartbeat: { isAlive: () => true },
    quota: createAzureQuota(pool, 'write'),
    clients: {
      of: () => clients[0] as SentinelClient,
      forget: () => void clients.shift(),
    },
    log: createLogger('test', 'silent'),
    pool,
    comments: createCommentQueue(pool),
  });
  await post(String((await fixture.incident())['id']), new AbortController().signal);
}

async function beginAlone(): Promise<void> {
  await fixture.begin();
  await fixture.closeReplicas();
}

test('a comment that met another change of the incident is tried again', async () => {
  await beginAlone();
  const id = await fixture.addComment();
  const cause = Object.assign(new Error('of Azure'), { name: 'RestError', statusCode: 409 });
  await postWith(refusing(new AppError('conflict', 'the incident changed', { cause })));
  expect(await fixture.read('comment', id)).toMatchObject({
    status: 'pending',
    attempts: 1,
    lease_owner: null,
    error: { code: 'unavailable', message: expect.stringContaining('at the same time') },
  });
  await fixture.pool.query('UPDATE comment SET due_at = now()');
  await postWith(willing);
  expect(await fixture.read('comment', id)).toMatchObject({ status: 'posted', attempts: 2, error: null });
});

test('after a sign-in that was refused the next comment signs in again', async () => {
  await beginAlone();
  const first = await fixture.addComment();
  const second = await fixture.addComment({ created_at: new Date() });
  const refusal = new ConnectionError('Entra ID refused the sign-in', { check: 'token' });
  await postWith(refusing(refusal), willing);
  expect(await fixture.read('comment', first)).toMatchObject({ status: 'pending', attempts: 0 });
  expect(await fixture.read('comment', second)).toMatchObject({ status: 'posted' });
});
