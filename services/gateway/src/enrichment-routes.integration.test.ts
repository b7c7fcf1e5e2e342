import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Enrichment } from '@socmate/contracts';
import { createPool, type Pool } from '@socmate/database';
import { anIncident, aProvider, until } from '@socmate/testing';
import { type Call, type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/incidents/7';
let gateway: GatewayUnderTest;
let pool: Pool;
let provider: { id: string; name: string };
let incidentId: string;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 4, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE siem_provider, enrichment CASCADE');
  provider = await aProvider(pool, { name: 'prod', is_default: true });
  ({ id: incidentId } = await anIncident(pool, { provider_id: provider.id, number: 7 }));
});

const enrich = (call: Call = {}) => gateway.ask('POST', `${PATH}/enrich`, call);
const read = () => gateway.ask('GET', `${PATH}/enrichment`);
const row = async () => (await pool.query('SELECT * FROM enrichment')).rows[0];

const result: Enrichment = {
  incident_number: 7,
  status: 'complete',
  risk: { score: 0, level: 'informational', lines: [] },
  entities: [],
  techniques: [],
  related_incidents: [],
  duration_ms: 3,
  providers: {},
};

const finish = () =>
  pool.query(
    `UPDATE enrichment SET status = 'idle', lease_owner = NULL, due_at = NULL, version = version + 1, result = $1,
       result_run_id = run_id, completed_at = now()`,
    [JSON.stringify(result)],
  );

test('a run is asked for once, and concurrent calls join it', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => enrich({ body: {} })));
  const [{ json, headers } = { json: undefined, headers: new Headers() }] = answers;
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  expect(new Set(answers.map((answer) => answer.json.job_id)).size).toBe(1);
  expect(json).toEqual({
    job_id: expect.stringMatching(/^enr_/),
    status: 'queued',
    links: { incident: PATH, enrichment: `${PATH}/enrichment` },
  });
  expect(headers.get('location')).toBe(`${PATH}/enrichment`);
  expect(await row()).toMatchObject({ incident_id: incidentId, run_id: json.job_id, status: 'queued' });
});

test('a call without a body is one, and fields that nobody knows are named and ignored', async () => {
  expect((await enrich()).status).toBe(202);
  const { status, headers } = await enrich({ body: { force: true, deep: 1 } });
  expect([status, headers.get('warning')]).toEqual([202, expect.stringContaining('deep')]);
  expect(await row()).toMatchObject({ forced: true });
});

test('a forced call follows a run that is under way and not forced, and joins one that is', async () => {
  const first = (await enrich()).json.job_id;
  await pool.query(`UPDATE enrichment SET status = 'running', lease_owner = 'wrk_1'`);
  expect((await enrich()).json).toMatchObject({ job_id: first, status: 'running' });
  const forced = (await enrich({ body: { force: true } })).json;
  expect(forced).toMatchObject({ status: 'queued' });
  expect(forced.job_id).not.toBe(first);
  expect((await enrich({ body: { force: true } })).json.job_id).toBe(forced.job_id);
  await pool.query('UPDATE enrichment SET forced = true');
  expect((await enrich({ body: { force: true } })).json.job_id).toBe(first);
});

test('whoever waits gets the result as soon as it is there', async () => {
  const waiting = enrich({ headers: { prefer: 'wait=20' } });
  await until('the run is asked for', async () => (await row()) !== undefined);
  await finish();
  const { status, json } = await waiting;
  expect([status, json]).toEqual([
    200,
    { ...result, job_id: expect.stringMatching(/^enr_/), version: 1, enriched_at: expect.any(String) },
  ]);
});

test('whoever waits in vain is told that it is under way', async () => {
  const { status, json } = await enrich({ headers: { prefer: 'wait=1' } });
  expect([status, json.status]).toEqual([202, 'queued']);
});

test('the result is 404 before the first, and stands in the incident too', async () => {
  expect((await read()).status).toBe(404);
  expect((await gateway.ask('GET', PATH)).json.enrichment).toBeNull();
  await enrich();
  expect((await read()).status).toBe(404);
  await finish();
  const { status, json, headers } = await read();
  expect([status, json]).toMatchObject([200, { ...result, version: 1 }]);
  expect((await gateway.ask('GET', PATH)).json.enrichment).toEqual(json);
  const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } };
  expect((await gateway.ask('GET', `${PATH}/enrichment`, again)).status).toBe(304);
});

test('a repeated Idempotency-Key gets the first answer again', async () => {
  const call = { headers: { 'idempotency-key': 'k1' }, body: {} };
  const first = await enrich(call);
  await finish();
  expect((await enrich(call)).json).toEqual(first.json);
  expect((await enrich({ ...call, body: { force: true } })).status).toBe(409);
});

test.each([
  ['incidents:write', 202],
  ['investigations:write', 202],
  ['incidents:read', 403],
])('a key with %s is answered %i', async (scope, status) => {
  const { apiKey } = await gateway.keyWith([scope]);
  expect((await enrich({ key: apiKey })).status).toBe(status);
});

test('without a key nothing is enriched or read', async () => {
  expect((await enrich({ key: null })).status).toBe(401);
  expect((await gateway.ask('GET', `${PATH}/enrichment`, { key: null })).status).toBe(401);
  const { apiKey } = await gateway.keyWith(['incidents:write']);
  expect((await gateway.ask('GET', `${PATH}/enrichment`, { key: apiKey })).status).toBe(403);
});

test('an incident that is not there, or not theirs to see, is not found', async () => {
  expect((await gateway.ask('POST', '/api/v1/incidents/99/enrich')).status).toBe(404);
  const other = await aProvider(pool, { name: 'other' });
  const { apiKey } = await gateway.keyWith(['incidents:write', 'incidents:read'], { providers: [other.id] });
  expect((await enrich({ key: apiKey })).status).toBe(404);
  expect((await gateway.ask('GET', `${PATH}/enrichment`, { key: apiKey })).status).toBe(404);
});

test.each([
  ['a force that is no flag', { body: { force: 'yes' } }],
  ['a wait that is too long', { headers: { prefer: 'wait=61' } }],
])('%s is refused', async (_, call) => {
  expect((await enrich(call)).status).toBe(422);
});
