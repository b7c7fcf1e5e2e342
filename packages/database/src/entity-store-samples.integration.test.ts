import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  extractFromText,
  mergeReadings,
  type Reading,
  readRestEntities,
  readTableEntities,
} from '@socmate/entities';
import type { IncidentSightings } from './entity-groups.ts';
import { createEntities } from './entity-lookups.ts';
import { storeReadings } from './entity-store.ts';
import { clearEntities, dumpEntities, shuffled } from './entity-store-fixture.ts';
import { openTestPool } from './pool-fixture.ts';

const root = join(import.meta.dirname, '../../..');
const rest = join(root, 'infra/azure-simulator/samples/rest');
const verbatim = join(root, 'infra/azure-simulator/samples/verbatim');
const tables = join(root, 'packages/entities/fixtures/sentinel-tables');

const read = (folder: string, file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const textsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [];

/** Every reader that fits a sample, over all that it holds. */
function readSample(folder: string, file: string): Reading {
  const sample = read(folder, file);
  const text = extractFromText(textsIn(sample).join('\n'), 'prv_1');
  const rows = file.includes('securityalerts') ? (sample as { Entities: unknown }[]) : [];
  const lists = [sample, (sample as { value?: unknown }).value];
  const found = lists.filter(Array.isArray).map((list) => readRestEntities(list, 'prv_1'));
  return mergeReadings([
    readRestEntities(sample, 'prv_1'),
    ...found,
    readTableEntities(sample, 'prv_1'),
    ...rows.map(({ Entities }) => readTableEntities(Entities, 'prv_1')),
    text,
  ]);
}

const samples = [rest, verbatim, tables].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ folder, file })),
);

const readings: IncidentSightings[] = samples.map(({ folder, file }, at) => ({
  ...readSample(folder, file),
  incidentId: file,
  firstSeen: new Date(Date.UTC(2024, 0, 1 + at)),
  lastSeen: new Date(Date.UTC(2024, 0, 2 + at)),
}));

const pool = await openTestPool(4);

async function storeAll(order: readonly IncidentSightings[], size: number): Promise<unknown[][]> {
  await clearEntities(pool);
  for (let at = 0; at < order.length; at += size) await storeReadings(pool, order.slice(at, at + size));
  return dumpEntities(pool);
}

test('every real sample is stored, the same in any order and in one batch', async () => {
  expect(samples.length).toBeGreaterThanOrEqual(30);
  const expected = await storeAll(readings, 1);
  expect(expected.map((rows) => rows.length > 300)).toEqual([true, true, true]);
  expect(await storeAll(shuffled(readings, 3), 4)).toEqual(expected);
  expect(await storeAll(shuffled(readings, 5), readings.length)).toEqual(expected);
});

test('every name of every real entity finds it again, and every relation has its ends', async () => {
  const entities = createEntities(pool);
  for (const { incidentId, entities: named, relations } of readings) {
    const stored = await entities.ofIncident(incidentId);
    const owner = new Map(stored.flatMap(({ id, aliases }) => aliases.map((alias) => [alias, id])));
    expect(named.filter(({ aliases }) => aliases.some((alias) => !owner.has(alias)))).toEqual([]);
    expect(relations.filter(({ from, to }) => !owner.has(from) || !owner.has(to))).toEqual([]);
  }
  const strong = readings.flatMap((one) => one.entities.filter(({ strength }) => strength === 'strong'));
  for (const { key } of strong.slice(0, 200)) {
    const found = await entities.find({ keys: [key] });
    expect(found?.aliases).toContain(key);
  }
});
