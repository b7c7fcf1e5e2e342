import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Observation, Severity } from '@socmate/contracts';
import { readRestEntities } from '@socmate/entities';
import { z } from 'zod';
import type { Provider } from '../intelligence/define-provider.ts';
import type { SubjectType } from '../intelligence/subject.ts';
import { abuseipdb } from '../providers/abuseipdb.ts';
import { greynoise } from '../providers/greynoise.ts';
import { virustotal } from '../providers/virustotal.ts';
import { createAssess } from './assess-incident.ts';
import type { AssessmentInput } from './assessment.ts';
import { anInput, anObservation } from './test-incident.ts';

const FOLDER = join(import.meta.dirname, '../../../../infra/azure-simulator/scenarios');

const names = z.array(z.string()).default([]);
const Scenario = z.object({
  id: z.string(),
  incident: z.object({ severity: z.string() }),
  alerts: z.array(z.object({ tactics: names, techniques: names })),
  entities: z.array(
    z.object({
      key: z.string().optional(),
      kind: z.string(),
      properties: z.record(z.string(), z.unknown()),
    }),
  ),
  intelligence: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  expected: z.object({
    verdict: z.string(),
    entities: z.array(z.object({ type: z.string(), value: z.string(), verdict: z.string().optional() })),
  }),
});
type Scenario = z.output<typeof Scenario>;

const scenarios = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => Scenario.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))));

/** As Sentinel answers: references by id. */
const readEntities = ({ entities }: Scenario) =>
  readRestEntities(
    entities.map(({ key, kind, properties }) => ({
      id: key,
      kind,
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, unreferenced(value)]),
      ),
    })),
    'prod',
  );

function unreferenced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unreferenced);
  return typeof value === 'string' && value.startsWith('#') ? value.slice(1) : value;
}

const ENVELOPES: readonly (readonly [Provider, (inner: Record<string, unknown>) => unknown])[] = [
  [virustotal, (attributes) => ({ data: { attributes: { ...attributes, last_analysis_date: 0 } } })],
  [abuseipdb, (data) => ({ data })],
  [greynoise, (body) => body],
];

/** What three providers make of the scenario's intelligence. */
function observe({ intelligence }: Scenario, type: string, value: string): Observation[] {
  const told = intelligence[value] ?? {};
  return ENVELOPES.flatMap(([provider, wrap]) => {
    const inner = told[provider.name];
    const subject = { type: type as SubjectType, value, key: `${type}:${value}` };
    if (inner === undefined || !provider.entityTypes.includes(subject.type)) return [];
    const { link: _, ...judged } = provider.read(wrap(inner), subject, new Date('2026-04-11T08:00:00Z'));
    return [anObservation({ provider: provider.name, reliability: provider.reliability, ...judged })];
  });
}

function inputOf(scenario: Scenario): AssessmentInput {
  const { entities, relations } = readEntities(scenario);
  return anInput({
    incident: {
      severity: scenario.incident.severity.toLowerCase() as Severity,
      tactics: scenario.alerts.flatMap(({ tactics }) => tactics),
      techniques: scenario.alerts.flatMap(({ techniques }) => techniques),
    },
    entities,
    observations: new Map(entities.map(({ key, type, value }) => [key, observe(scenario, type, value)])),
    facts: { relations },
  });
}

const assess = createAssess({ tenantDomains: ['contoso.com'] });
const assessed = scenarios.map((scenario) => ({ scenario, ...assess(inputOf(scenario)) }));
const scoresOf = (verdict: string) =>
  assessed.filter(({ scenario }) => scenario.expected.verdict === verdict).map(({ risk }) => risk.score);

test('every malicious scenario scores at least 20 above every benign one', () => {
  expect(assessed.length).toBeGreaterThanOrEqual(10);
  const [malicious, benign] = [scoresOf('malicious'), scoresOf('benign')];
  expect(benign.length).toBeGreaterThan(0);
  expect(Math.min(...malicious)).toBeGreaterThanOrEqual(Math.max(...benign) + 20);
});

test('a suspicious scenario scores between the benign and the malicious ones', () => {
  for (const score of scoresOf('suspicious')) {
    expect(score).toBeGreaterThan(Math.max(...scoresOf('benign')));
    expect(score).toBeLessThan(Math.min(...scoresOf('malicious')));
  }
});

test('the verdict of every planted indicator is the expected one', () => {
  for (const { scenario, entities } of assessed) {
    const known = entities.map(({ type, value, verdict }) => `${scenario.id}: ${type} ${value} ${verdict}`);
    const planted = scenario.expected.entities.filter(({ verdict }) => verdict !== undefined);
    expect(known).toEqual(
      expect.arrayContaining(
        planted.map(({ type, value, verdict }) => `${scenario.id}: ${type} ${value} ${verdict}`),
      ),
    );
  }
});

test('benign scenarios stay informational', () => {
  const benign = assessed.filter(({ scenario }) => scenario.expected.verdict === 'benign');
  expect(new Set(benign.map(({ risk }) => risk.level))).toEqual(new Set(['informational']));
});

test('taking any scored entity of a scenario away changes its score by exactly the lines that rest on it alone', () => {
  for (const { scenario, risk, entities } of assessed) {
    for (const { key } of entities) {
      const own = risk.lines.filter(({ evidence }) => {
        const named = evidence.filter((each) => each.startsWith('entity:'));
        return named.length > 0 && named.every((each) => each.startsWith(`entity:${key}/`));
      });
      const input = inputOf(scenario);
      const rest = assess({ ...input, entities: input.entities.filter((each) => each.key !== key) });
      const points = own.reduce((sum, line) => sum + line.points, 0);
      expect(`${scenario.id} ${key} ${rest.risk.score}`).toBe(`${scenario.id} ${key} ${risk.score - points}`);
    }
  }
});
