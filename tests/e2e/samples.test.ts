import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import { type System, startSystem } from '../system/start-system.ts';

interface Incident {
  readonly name: string;
  readonly properties: { readonly incidentNumber: number };
}

const SAMPLES = new URL('../../infra/azure-simulator/samples/', import.meta.url);

/** Every incident in a group's files, wherever it stands in them; one that stands in two counts once, by its name. */
function incidentsIn(group: string): Incident[] {
  const found = new Map<string, Incident>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { name, properties } = value as Partial<Incident>;
    if (name !== undefined && properties?.incidentNumber !== undefined) found.set(name, value as Incident);
    else for (const inner of Object.values(value)) look(inner);
  };
  for (const file of readdirSync(new URL(`${group}/`, SAMPLES))) {
    if (file.endsWith('.json')) look(JSON.parse(readFileSync(new URL(`${group}/${file}`, SAMPLES), 'utf8')));
  }
  return [...found.values()];
}

let system: System;

beforeAll(async () => {
  system = await startSystem();
}, 60_000);
afterAll(() => system?.close(), 60_000);

test.each([
  ['rest', 'sample-rest'],
  ['verbatim', 'sample-verbatim'],
])('every real incident of %s comes out of the API with its payload untouched', async (group, name) => {
  const samples = incidentsIn(group);
  expect(samples.length).toBeGreaterThan(2);
  const workspace = (await system.tenant.workspaces()).find((known) => known.name === name)!;
  const served = await system.azure.incidents(workspace);
  expect(served.toSorted(byName)).toEqual(samples.toSorted(byName));
  await system.connect(workspace, { first_window: 'P10Y' });
  for (const sample of samples) {
    const path = `/api/v1/incidents/${sample.properties.incidentNumber}?provider=${name}`;
    const { body } = await until(`${path} is synced`, async () => {
      const answer = await system.api('GET', path);
      return answer.status === 200 ? answer : undefined;
    });
    expect(body.sentinel).toEqual(sample);
  }
});

const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
