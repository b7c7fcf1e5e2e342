import { isIP } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EnrichmentRecord } from '@socmate/contracts';
import { until } from '@socmate/testing';
import { openEnrichments, withoutTimes } from '../system/open-enrichments.ts';
import { type Scenario, simulatedScenarios } from '../system/simulated-scenarios.ts';
import { type System, startSystem } from '../system/start-system.ts';

const scenarios = simulatedScenarios();
let system: System;
let numbers: Map<string, number>;
const results = new Map<string, EnrichmentRecord>();
let enrichments: ReturnType<typeof openEnrichments>;

beforeAll(async () => {
  system = await startSystem({ SYNC_INTERVAL: '60', TENANT_DOMAINS: 'contoso.com' });
  enrichments = openEnrichments(system);
  const [workspace] = await system.tenant.workspaces();
  if (!workspace) throw new Error('the simulator has no workspace');
  await system.connect(workspace, { alert_backlog: true });
  await until('every incident has its details', async () => {
    const { rows } = await system.database.query(
      'SELECT count(*)::int AS read FROM incident WHERE details_synced_at IS NOT NULL',
    );
    return rows[0].read >= scenarios.length;
  });
  await system.addReplica('enrichment');
  const { rows } = await system.database.query('SELECT number::int, title FROM incident');
  numbers = new Map(rows.map(({ number, title }: { number: number; title: string }) => [title, number]));
}, 90_000);
afterAll(() => system?.close(), 60_000);

const numberOf = ({ title, incident }: Scenario): number => {
  const number = numbers.get(incident.title ?? title);
  if (number === undefined) throw new Error(`no incident is called ${title}`);
  return number;
};

test('new incidents of severity medium and higher are enriched by themselves', async () => {
  const expected = scenarios.filter(({ incident }) => ['Medium', 'High'].includes(incident.severity));
  expect(expected.length).toBeGreaterThan(0);
  await until(
    'they are enriched',
    async () => {
      const { rows } = await system.database.query(
        `SELECT number::int FROM enrichment JOIN incident ON id = incident_id WHERE version > 0 AND enrichment.status = 'idle'`,
      );
      const enriched = new Set(rows.map(({ number }: { number: number }) => number));
      return expected.every((scenario) => enriched.has(numberOf(scenario)));
    },
    { timeoutMs: 40_000 },
  );
}, 50_000);

test.each(scenarios)(
  '$id: the result names what was planted, with its verdict',
  async (scenario) => {
    const result = await enrichments.result(numberOf(scenario));
    results.set(scenario.id, result);
    const found = new Map(result.entities.map(({ type, value, verdict }) => [`${type} ${value}`, verdict]));
    const planted = scenario.expected.entities.map(({ type, value, verdict }) => {
      const name = `${type} ${value}`;
      return [name, verdict ?? found.get(name) ?? 'is missing'];
    });
    expect(Object.fromEntries(found)).toMatchObject(Object.fromEntries(planted));
    expect(result.techniques.map(({ id }) => id)).toEqual(
      expect.arrayContaining(scenario.expected.techniques),
    );
    expect(result.status).toBe('complete');
    const online = result.entities.flatMap(({ observations }) =>
      observations.filter(({ provider }) => provider in result.providers),
    );
    expect(online.every(({ simulated }) => simulated)).toBe(true);
  },
  60_000,
);

test('every malicious scenario scores at least 20 above every benign one', () => {
  const scoresOf = (wanted: string) =>
    scenarios.flatMap(({ id, expected }) =>
      expected.verdict === wanted ? [results.get(id)?.risk.score ?? Number.NaN] : [],
    );
  const worstBenign = Math.max(...scoresOf('benign'));
  expect(Math.min(...scoresOf('malicious'))).toBeGreaterThanOrEqual(worstBenign + 20);
});

const evidenceIn = ({ entities, techniques, related_incidents }: EnrichmentRecord): Set<string> =>
  new Set([
    ...entities.flatMap(({ key, observations }) =>
      observations.map(({ provider }) => `entity:${key}/${provider}`),
    ),
    ...techniques.map(({ id }) => `technique:${id}`),
    ...related_incidents.map(({ number }) => `incident:${number}`),
  ]);

test('every line of a score names evidence that is in the result', () => {
  expect(results.size).toBe(scenarios.length);
  const missing = [...results.values()].flatMap((result) => {
    const named = evidenceIn(result);
    const told = result.risk.lines.flatMap(({ evidence }) => evidence);
    return told.filter((one) => !/^(?:tactic|list):/.test(one) && !named.has(one));
  });
  expect(missing).toEqual([]);
});

test('the same input has the same result', async () => {
  for (const scenario of scenarios.slice(0, 4)) {
    const first = await enrichments.result(numberOf(scenario), { force: true });
    const second = await enrichments.result(numberOf(scenario), { force: true });
    expect(second.version).toBeGreaterThan(first.version);
    expect(withoutTimes(second)).toBe(withoutTimes(first));
  }
}, 60_000);

test('fifty concurrent calls for one incident make one run and ask each provider once about each entity', async () => {
  const number = numberOf(scenarios.find(({ id }) => id === 'malware-beaconing') as Scenario);
  await enrichments.result(number);
  await system.tenant.fault({ target: 'ti:virustotal', kind: 'latency', ms: 1_500 });
  await system.tenant.forgetRequests();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => enrichments.result(number, { force: true })),
  );
  await system.tenant.clearFaults();
  expect(new Set(answers.map(({ job_id }) => job_id)).size).toBe(1);
  const asked = (await system.tenant.requests()).filter(({ intelligence }) => intelligence !== undefined);
  const questions = asked.map(({ path, query, intelligence }) => JSON.stringify([path, query, intelligence]));
  expect(questions.length).toBeGreaterThan(5);
  expect(new Set(questions).size).toBe(questions.length);
}, 60_000);

/** VirusTotal names URLs in base64. */
const unpacked = (path: string): string[] =>
  path
    .split('/')
    .filter((part) => /^[\w-]{16,}$/.test(part))
    .map((part) => Buffer.from(part, 'base64url').toString('latin1'));

/** A person by all of the value, and by the name without its domain. */
const namesIn = (value: string): string[] => [
  value,
  value.split('\\').at(-1) ?? '',
  value.split('@')[0] ?? '',
];

const RESERVED =
  /^(?:10\.|127\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.)/;

test('nothing private, no person and no credential of a URL ever left', async () => {
  await system.tenant.forgetRequests();
  for (const scenario of scenarios) await enrichments.result(numberOf(scenario), { force: true });
  const asked = (await system.tenant.requests()).filter(({ intelligence }) => intelligence !== undefined);
  expect(asked.length).toBeGreaterThan(50);
  const people = [...results.values()].flatMap(({ entities }) =>
    entities.filter(({ type }) => ['user', 'email', 'mailbox'].includes(type)).map(({ value }) => value),
  );
  const names = new Set(people.flatMap(namesIn).map((name) => name.toLowerCase()));
  expect(names.size).toBeGreaterThan(10);
  for (const { path, query, intelligence } of asked) {
    const all = [path, ...unpacked(path), query, intelligence?.body ?? ''].join(' ');
    const sent = decodeURIComponent(all).toLowerCase();
    const words = sent.split(/[^\w.:-]+/);
    expect(words.filter((word) => isIP(word) !== 0 && RESERVED.test(word))).toEqual([]);
    expect(sent).not.toMatch(/[\w.]+@[\w.]+/);
    expect([...names].filter((name) => sent.includes(name))).toEqual([]);
  }
}, 120_000);
