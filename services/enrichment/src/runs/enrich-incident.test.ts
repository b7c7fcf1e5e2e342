import { expect, test } from '@jest/globals';
import type { Observation } from '@socmate/contracts';
import type { IncidentFacts } from '@socmate/database';
import { systemClock } from '@socmate/runtime';
import { createEnrichIncident, type EnrichIncidentDeps } from './enrich-incident.ts';

const claim = {
  incidentId: 'inc_1',
  runId: 'enr_1',
  isForced: false,
  isRecheck: false,
  isAsked: false,
  tries: 1,
};
const time = '2026-11-22T10:00:00.000Z';

const anEntity = (key: string, only: Partial<IncidentFacts['entities'][number]> = {}) => ({
  id: 1,
  type: 'ip' as const,
  value: key.slice(3),
  key,
  strength: 'strong' as const,
  aliases: [key],
  attributes: {},
  source: 'sentinel' as const,
  confidence: 1,
  role: '',
  count: 1,
  first_seen: time,
  last_seen: time,
  named_first: time,
  named_last: time,
  verdict: null,
  risk: null,
  ...only,
});

const theFacts = (only: Partial<IncidentFacts> = {}): IncidentFacts => ({
  number: 7,
  severity: 'high',
  tactics: [],
  techniques: [],
  labels: [],
  are_details_read: true,
  lacks_entities: false,
  is_read: true,
  entities: [anEntity('ip:45.155.205.20')],
  relations: [],
  history: [],
  related: [],
  ...only,
});

const anObservation = (only: Partial<Observation> = {}): Observation => ({
  provider: 'abuseipdb',
  status: 'known',
  verdict: 'malicious',
  score: 98,
  reliability: 'C',
  summary: '',
  observed_at: time,
  expires_at: null,
  cached: false,
  simulated: false,
  link: null,
  evidence: {},
  ...only,
});

function build(
  facts: IncidentFacts | undefined,
  said: readonly Observation[] = [],
  more: Partial<EnrichIncidentDeps> = {},
) {
  const steps: string[] = [];
  const enrich = createEnrichIncident({
    runs: {
      askAgain: async () => void steps.push('ask again'),
      begin: async () => void steps.push('begin'),
    },
    facts: { load: () => Promise.resolve(facts), areDetailsSettled: () => Promise.resolve(true) },
    lists: { current: () => Promise.resolve([]) },
    reader: { readNow: async () => void steps.push('read') },
    intelligence: { lookUp: () => Promise.resolve([...said]) },
    assess: ({ entities, observations }) => ({
      risk: { score: 40, level: 'medium', lines: [] },
      entities: entities.map(({ type, value, key }) => ({
        type,
        value,
        key,
        verdict: 'malicious',
        score: 98,
        observations: [...(observations.get(key) ?? [])],
        context: {},
      })),
      techniques: [],
      priority: 'high',
    }),
    clock: systemClock,
    lookUpMs: 1_000,
    detailsPatienceMs: 200,
    ...more,
  });
  const run = (only: Partial<typeof claim> = {}, signal = new AbortController().signal) =>
    enrich({ owner: 'wrk_1', claim: { ...claim, ...only } }, signal);
  return { run, steps };
}

test('an incident is read before the run counts on what is stored', async () => {
  const { run, steps } = build(theFacts(), [
    anObservation(),
    anObservation({ provider: 'misp', cached: true }),
  ]);
  const { result, priority, verdicts, lacksEntities } = await run();
  expect(steps).toEqual(['read', 'begin']);
  expect(result).toMatchObject({
    incident_number: 7,
    status: 'complete',
    providers: {
      abuseipdb: { asked: 1, cached: 0, failed: 0, limited: 0 },
      misp: { asked: 0, cached: 1, failed: 0, limited: 0 },
    },
  });
  expect(result).not.toHaveProperty('priority');
  expect([priority, lacksEntities]).toEqual(['high', false]);
  expect(verdicts).toEqual([{ id: 1, key: 'ip:45.155.205.20', verdict: 'malicious', risk: 98 }]);
});

test.each([
  ['a provider failed', theFacts(), [anObservation({ status: 'error' })], 'partial'],
  ['a quota was spent', theFacts(), [anObservation({ status: 'limited' })], 'partial'],
  ['a provider was not to be asked', theFacts(), [anObservation({ status: 'skipped' })], 'complete'],
  ['another worker still reads it', theFacts({ is_read: false }), [], 'partial'],
  ['Sentinel was not read yet', theFacts({ are_details_read: false }), [], 'partial'],
])('where %s the result says what it is', async (_, facts, said, status) => {
  expect((await build(facts, said).run()).result.status).toBe(status);
});

test('of very many entities the strong ones count, and the result says that it is partial', async () => {
  const weak = Array.from({ length: 300 }, (_, at) =>
    anEntity(`ip:10.0.0.${at}@prv_1`, { strength: 'weak' }),
  );
  const strong = Array.from({ length: 300 }, (_, at) => anEntity(`ip:45.155.205.${at}`, { id: 1_000 + at }));
  const { result, otherKeys } = await build(theFacts({ entities: [...weak, ...strong] })).run();
  expect(otherKeys).toHaveLength(100);
  expect(result.entities).toHaveLength(500);
  expect(result.entities.filter(({ key }) => !key.includes('@'))).toHaveLength(300);
  expect(result.status).toBe('partial');
});

test('entities that Sentinel did not show are asked for again, and waited for where somebody waits', async () => {
  const again = build(theFacts({ lacks_entities: true }));
  expect((await again.run({ isRecheck: true })).lacksEntities).toBe(true);
  expect(again.steps).toEqual(['ask again', 'read', 'begin']);
  let looks = 0;
  const facts = {
    load: () => Promise.resolve(theFacts()),
    areDetailsSettled: () => {
      looks += 1;
      return Promise.resolve(looks > 2);
    },
  };
  const waiting = build(undefined, [], { facts });
  expect((await waiting.run({ isAsked: true })).result.status).toBe('complete');
  expect(waiting.steps).toEqual(['ask again', 'read', 'begin']);
  const vain = build(undefined, [], { facts: { ...facts, areDetailsSettled: () => Promise.resolve(false) } });
  expect((await vain.run({ isAsked: true })).result.incident_number).toBe(7);
});

test('an incident that is gone is a fault, and a run that is stopped ends', async () => {
  await expect(build(undefined).run()).rejects.toThrow('gone');
  await expect(build(theFacts()).run({}, AbortSignal.abort())).rejects.toThrow();
});
