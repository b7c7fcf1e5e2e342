import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Entity } from '@socmate/contracts';
import { extractFromText, readRestEntities } from '@socmate/entities';
import { z } from 'zod';
import { PROVIDERS } from '../providers/providers.ts';
import type { Intelligence } from './create-intelligence.ts';
import { configuredAt, createTestIntelligence } from './intelligence-fixture.ts';
import { type ProviderServer, startProviderServer } from './provider-server.ts';
import { publicAddress } from './public-indicators.ts';
import { sentText } from './sent-text.ts';

const FOLDER = join(import.meta.dirname, '../../../../infra/azure-simulator/scenarios');
const Scenario = z.object({
  entities: z.array(z.object({ kind: z.string(), properties: z.record(z.string(), z.unknown()) })),
});

/** Every entity of a scenario, and every mention in all of its text, logs included. */
function entitiesOf(name: string): Entity[] {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  const { entities } = Scenario.parse(JSON.parse(text));
  return [...readRestEntities(entities, 'prod').entities, ...extractFromText(text, 'prod').entities];
}

const scenarios = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const entities = [...new Map(scenarios.flatMap(entitiesOf).map((entity) => [entity.value, entity])).values()];
const people = entities.filter(({ type }) => ['user', 'email', 'mailbox'].includes(type));

let server: ProviderServer;
let intelligence: Intelligence;

beforeAll(async () => {
  server = await startProviderServer();
  server.answer({ status: 404 });
  intelligence = createTestIntelligence(
    PROVIDERS.map((provider) => configuredAt({ ...provider, notFound: z.undefined() }, server.url)),
  );
});
afterAll(async () => {
  intelligence.close();
  await server.close();
});

test('over all scenarios, no name of a person, no e-mail address and nothing private leaves', async () => {
  const options = { signal: AbortSignal.timeout(25_000), people: people.map(({ value }) => value) };
  for (const entity of entities) await intelligence.lookUp(entity, options);
  const text = sentText(server.asked);
  expect(text).toContain('45.155.205.20');
  const names = people.map(({ value }) => value.toLowerCase().split('\\').at(-1) ?? '');
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => text.includes(name))).toEqual([]);
  expect(text.match(/[\w.+-]+@[\w-]+\.\w{2,}/g)).toBeNull();
  const addresses = text.match(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g) ?? [];
  // The recording server's own.
  const strangers = addresses.filter((address) => address !== '127.0.0.1');
  expect(strangers.filter((address) => 'reason' in publicAddress(address))).toEqual([]);
});
