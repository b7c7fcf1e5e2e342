import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Part } from '@socmate/local';
import { anIncident, aProvider, until } from '@socmate/testing';
import { openEnrichments } from '../system/open-enrichments.ts';
import { type System, startSystem } from '../system/start-system.ts';

let system: System;
let worker: Part;
let providerId: string;
let number: number;
let enrichments: ReturnType<typeof openEnrichments>;

beforeAll(async () => {
  // Nothing listens there: the graph is away all the time.
  system = await startSystem({ NEO4J_URI: 'bolt://127.0.0.1:1' });
  enrichments = openEnrichments(system);
  worker = await system.addReplica('enrichment');
  ({ id: providerId } = await aProvider(system.database, { is_default: true, enabled: false }));
}, 60_000);
afterAll(() => system?.close(), 60_000);

beforeEach(async () => {
  const incident = await anIncident(system.database, {
    provider_id: providerId,
    description: 'Beacons to 45.155.205.20 and docs-share-center.com',
    severity: 'low',
    details_synced_at: new Date(),
  });
  ({ number } = incident);
  await system.database.query('INSERT INTO incident_reading (incident_id, due_at) VALUES ($1, now())', [
    incident.id,
  ]);
});

const verdicts = async () =>
  (await enrichments.result(number)).entities.map(({ value, verdict }) => [value, verdict]);
const EXPECTED = expect.arrayContaining([
  ['45.155.205.20', 'malicious'],
  ['docs-share-center.com', 'malicious'],
]);

test('while Neo4j is away an incident is enriched, and what the graph is to be told waits', async () => {
  expect(await verdicts()).toEqual(EXPECTED);
  const { rows } = await system.database.query(`SELECT FROM graph_change WHERE kind = 'incident'`);
  expect(rows.length).toBeGreaterThan(0);
}, 30_000);

test('while Redis is away an incident is enriched as well', async () => {
  await system.redis.kill();
  expect((await enrichments.enrich(number, { waitS: 0 })).status).toBe(202);
  expect(await verdicts()).toEqual(EXPECTED);
  await system.redis.restart();
}, 60_000);

test('the run of a worker that is killed is made by another', async () => {
  await system.tenant.fault({ target: 'ti:virustotal', kind: 'latency', ms: 3_000 });
  await until('it is read', async () => {
    const { rows } = await system.database.query('SELECT FROM incident_reading WHERE due_at IS NOT NULL');
    return rows.length === 0;
  });
  await system.tenant.forgetRequests();
  const waiting = enrichments.result(number, { force: true });
  await until('a provider is asked', async () =>
    (await system.tenant.requests()).some(({ intelligence }) => intelligence?.provider === 'virustotal'),
  );
  await worker.kill('SIGKILL');
  await system.tenant.clearFaults();
  await system.addReplica('enrichment');
  const result = await waiting;
  expect(result.entities.map(({ value, verdict }) => [value, verdict])).toEqual(EXPECTED);
  expect(result.version).toBe(1);
}, 60_000);
