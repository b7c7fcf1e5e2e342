import { expect, test } from '@jest/globals';
import { anIncident, aProvider } from '@socmate/testing';
import { openTestPool } from './pool-fixture.ts';
import { createCommentQueue } from './write-queue.ts';

const pool = await openTestPool(2);

const INSERT = `INSERT INTO comment (id, incident_id, provider_id, sentinel_name, message, created_by, due_at)
  VALUES ($1, $2, $3, gen_random_uuid(), 'text', 'key_test', now() - make_interval(mins => $4))`;

test('what is due of one workspace crowds out none of another, and the longest due comes first', async () => {
  const crowded = await aProvider(pool, { name: 'crowded' });
  const quiet = await aProvider(pool, { name: 'quiet' });
  const add = async (provider: { id: string }, number: number, minutes: number) => {
    const { id } = await anIncident(pool, { provider_id: provider.id, number });
    await pool.query(INSERT, [`cmt_${provider.id}_${number}`, id, provider.id, minutes]);
    return id;
  };
  const theirs = [await add(crowded, 1, 40), await add(crowded, 2, 30), await add(crowded, 3, 20)];
  const ours = await add(quiet, 1, 10);
  const due = await createCommentQueue(pool).due(2);
  expect(due.map(({ key, providerId }) => [key, providerId])).toEqual([
    [theirs[0], crowded.id],
    [theirs[1], crowded.id],
    [ours, quiet.id],
  ]);
  expect(due[0]?.lagMs).toBeGreaterThanOrEqual(40 * 60_000);
});
