import { beforeEach, expect, test } from '@jest/globals';
import { anIncident, aProvider } from '@socmate/testing';
import { createEnrichmentRuns } from './enrichment-runs.ts';
import { createEnrichments } from './enrichments.ts';
import { openTestPool } from './pool-fixture.ts';

const pool = await openTestPool(2);
let incidentId: string;
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, enrichment CASCADE');
  const provider = await aProvider(pool, { is_default: true });
  ({ id: incidentId } = await anIncident(pool, { provider_id: provider.id }));
});

let made = 0;
const ask = (isForced = false) => {
  made += 1;
  return createEnrichments(pool).request(incidentId, { runId: `enr_${made}`, isForced, elapsedMs: () => 0 });
};

const DIED = `UPDATE enrichment SET status = 'running', lease_owner = 'wrk_dead', due_at = now() - interval '1 second'`;

test('a run whose workers die one after the other is given up, and what was to follow it is made', async () => {
  const runs = createEnrichmentRuns(pool);
  await ask();
  for (let worker = 0; worker < 5; worker += 1) {
    expect(await runs.claim(`wrk_${worker}`, incidentId, 'enr_none')).toMatchObject({ tries: worker + 1 });
    await pool.query(DIED);
  }
  expect(await runs.claim('wrk_6', incidentId, 'enr_none')).toBeUndefined();
  expect(await runs.due(10)).toEqual([]);
  const { rows } = await pool.query('SELECT status, error FROM enrichment');
  expect(rows).toEqual([{ status: 'idle', error: expect.objectContaining({ code: 'worker_lost' }) }]);
  await pool.query(`${DIED}, tries = 5, next_run_id = 'enr_next'`);
  expect(await runs.due(10)).toHaveLength(1);
  expect(await runs.claim('wrk_7', incidentId, 'enr_none')).toMatchObject({
    runId: 'enr_next',
    isForced: true,
  });
});

test('a forced run that waits behind one that fails for good is made once', async () => {
  const runs = createEnrichmentRuns(pool);
  await ask();
  await pool.query('UPDATE enrichment SET tries = 4');
  const claim = (await runs.claim('wrk_1', incidentId, 'enr_none'))!;
  const forced = await ask(true);
  await runs.fail('wrk_1', claim, { code: 'internal', message: 'no' });
  await pool.query('UPDATE enrichment SET due_at = now()');
  expect(await runs.claim('wrk_1', incidentId, 'enr_none')).toMatchObject({
    runId: forced.id,
    isForced: true,
    tries: 1,
  });
  expect((await pool.query('SELECT next_run_id FROM enrichment')).rows).toEqual([{ next_run_id: null }]);
});
