import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { unknownProperties } from './entity-properties.ts';
import type { Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

type Body = { readonly [field: string]: unknown };

const EXAMPLES = join(import.meta.dirname, '..', 'samples', 'verbatim');
const example = (file: string): Body => JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as Body;

/** Fields that the specification documents, and its examples leave out. */
const DOCUMENTED = new Set([
  'additionalData.techniques',
  'additionalData.mergedIncidentNumber',
  'additionalData.mergedIncidentUrl',
  'alertLink',
  'compromisedEntity',
  'confidenceScore',
  'description',
  'intent',
  'productComponentName',
  'productVersion',
  'providerAlertId',
  'remediationSteps',
  'techniques',
]);
const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `/subscriptions/…/incidents/…`, without the names in it. */
const addressOf = (id: string): string =>
  id
    .split('/')
    .map((part, position, parts) => (position % 2 || parts[position - 1] === 'providers' ? part : '*'))
    .join('/')
    .toLowerCase();

function typeOf(value: unknown, path: string): string {
  if (Array.isArray(value)) return 'array';
  if (path === 'id') return addressOf(String(value));
  if (path === 'type') return String(value).toLowerCase();
  return typeof value === 'string' && INSTANT.test(value) ? 'instant' : typeof value;
}

/** Where an answer departs from the published one, a sentence each. */
function departures(wanted: Body, given: Body, below = ''): string[] {
  const added = Object.keys(given).filter(
    (field) => !(field in wanted) && !DOCUMENTED.has(`${below}${field}`),
  );
  const own = Object.entries(wanted).flatMap(([field, value]) => {
    const path = `${below}${field}`;
    const answer = given[field];
    if (answer === undefined) return [`${path} is missing`];
    // Who is nobody has a name that is null.
    if (answer === null && below === 'owner.') return [];
    const [type, other] = [typeOf(value, path), typeOf(answer, path)];
    if (type !== other) return [`${path} is ${other}, not ${type}`];
    return isBody(value) && isBody(answer) ? departures(value, answer, `${path}.`) : [];
  });
  return [...own, ...added.map((field) => `${below}${field} is not published`)];
}

function resourceDepartures(wanted: Resource, given: Resource): string[] {
  const { properties, ...frame } = given;
  const { properties: published, ...outer } = wanted;
  return [...departures(outer, frame), ...departures(published, properties)];
}

let simulator: Simulator;
let headers: Record<string, string>;
const call = async (method: string, below = '', query: Record<string, string> = {}, body?: object) => {
  const path = incidentsPath(connection(simulator), below, query);
  const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  return (await send(simulator, path, sent)).body as Body;
};
const valueOf = ({ value }: Body): Resource[] => value as Resource[];

let incidents: Resource[];
let commented: Resource;
beforeAll(async () => {
  simulator = await startSimulator({ isReadQuotaEnforced: false });
  headers = await bearer(simulator);
  await control(simulator, '/generate', { incidents: 20, seed: 8 });
  await control(simulator, '/incidents/1/merge', { into: 2 });
  const closing = { classification: 'TruePositive', classificationReason: 'SuspiciousActivity' };
  for (const { properties } of valueOf(await call('GET'))) {
    const change = { status: 'Closed', ...closing, classificationComment: 'Seen' };
    await control(simulator, `/incidents/${String(properties['incidentNumber'])}`, change);
  }
  await control(simulator, '/incidents/2/comments', { message: 'Looked at' });
  incidents = valueOf(await call('GET'));
  commented = incidents.find(({ properties }) => properties['incidentNumber'] === 2)!;
});
afterAll(() => simulator.close());

test('incidents, in a list and alone, have the fields and types that are published', async () => {
  const page = await call('GET');
  expect(Object.keys(page)).toEqual(Object.keys(example('spec_GetIncidents.json')));
  const [wanted] = valueOf(example('spec_GetIncidents.json'));
  const alone = example('spec_GetIncidentById.json') as unknown as Resource;
  expect(incidents.length).toBeGreaterThan(20);
  for (const incident of incidents) {
    expect(resourceDepartures(wanted!, incident)).toEqual([]);
    const own = (await call('GET', `/${incident.name}`)) as unknown as Resource;
    expect(resourceDepartures(alone, own)).toEqual([]);
    expect(own).toEqual(incident);
    expect(own.etag).toMatch(/^"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}"$/);
  }
});

test('a page that is not the last has a link besides', async () => {
  const page = await call('GET', '', { $top: '2' });
  expect(Object.keys(page)).toEqual(['value', 'nextLink']);
  expect(typeof page['nextLink']).toBe('string');
});

test('an incident that nobody touched lacks what closing brings, and nothing else', async () => {
  await control(simulator, '/generate', { incidents: 1, seed: 9 });
  const [newest] = valueOf(await call('GET', '', { $orderby: 'properties/incidentNumber desc', $top: '1' }));
  const wanted = example('spec_GetIncidentById.json') as unknown as Resource;
  expect(resourceDepartures(wanted, newest!).toSorted()).toEqual([
    'classification is missing',
    'classificationComment is missing',
    'classificationReason is missing',
  ]);
});

test('alerts have the fields and types that are published', async () => {
  const published = example('spec_GetAllIncidentAlerts.json');
  const [wanted] = valueOf(published);
  // What it holds differs from product to product.
  const { additionalData: _, ...properties } = wanted!.properties;
  let seen = 0;
  for (const { name } of incidents) {
    const answer = await call('POST', `/${name}/alerts`);
    expect(Object.keys(answer)).toEqual(Object.keys(published));
    for (const alert of valueOf(answer)) {
      seen += 1;
      const { additionalData, ...own } = alert.properties;
      expect(isBody(additionalData)).toBe(true);
      const [one, other] = [
        { ...wanted!, properties },
        { ...alert, properties: own },
      ];
      expect(resourceDepartures(one, other)).toEqual([]);
      expect(own['systemAlertId']).toBe(alert.name);
    }
  }
  expect(seen).toBeGreaterThan(20);
});

test('entities have the frame that is published, and the properties of their kinds', async () => {
  const published = example('spec_GetAllIncidentEntities.json') as { entities?: Resource[] };
  const { properties: _, ...frame } = published.entities![0]!;
  let seen = 0;
  for (const { name } of incidents) {
    const answer = (await call('POST', `/${name}/entities`)) as unknown as {
      entities: Resource[];
      metaData: { entityKind: string; count: number }[];
    };
    expect(Object.keys(answer)).toEqual(Object.keys(published));
    for (const { properties, ...own } of answer.entities) {
      seen += 1;
      expect(departures(frame, own)).toEqual([]);
      expect(typeof properties['friendlyName']).toBe('string');
      expect(unknownProperties(String(own.kind), Object.keys(properties))).toEqual([]);
    }
    const counts = answer.metaData.map(({ entityKind, count }) => [entityKind, count]);
    const kinds = Object.groupBy(answer.entities, ({ kind }) => String(kind));
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries(Object.entries(kinds).map(([kind, own]) => [kind, own!.length])),
    );
  }
  expect(seen).toBeGreaterThan(20);
});

test('comments have the fields and types that are published, whoever wrote them', async () => {
  const published = example('spec_GetAllIncidentComments.json');
  const [wanted] = valueOf(published);
  const path = `/${commented.name}/comments`;
  const properties = { message: 'Ours' };
  const ours = (await call('PUT', `${path}/${randomUUID()}`, {}, { properties })) as unknown as Resource;
  const answer = await call('GET', path);
  expect(Object.keys(answer)).toEqual(Object.keys(published));
  expect(valueOf(answer)).toHaveLength(2);
  const analysts = valueOf(answer).find(({ name }) => name !== ours.name)!;
  expect(resourceDepartures(wanted!, analysts)).toEqual([]);
  // An application has no address.
  expect(resourceDepartures(wanted!, ours)).toEqual([
    'author.email is object, not string',
    'author.userPrincipalName is object, not string',
  ]);
});

test('relations have the fields and types that are published', async () => {
  const published = example('xsoar_relations_nextlink.json');
  const [wanted] = valueOf(published);
  const answer = await call('GET', `/${commented.name}/relations`);
  expect(Object.keys(published)).toEqual(expect.arrayContaining(Object.keys(answer)));
  expect(valueOf(answer).length).toBeGreaterThan(0);
  for (const relation of valueOf(answer)) {
    // Published only in part; the rest is what every resource has.
    expect(departures(wanted!.properties, relation.properties).toSorted()).toEqual([
      'relatedResourceId is not published',
      'relatedResourceType is not published',
    ]);
    expect(Object.keys(relation)).toEqual(['id', 'name', 'etag', 'type', 'properties']);
    expect(relation.name).toBe(`${commented.name}_${String(relation.properties['relatedResourceName'])}`);
  }
});

test('the comments of a published incident are the published ones', async () => {
  const at = connection(simulator, 'sample-verbatim');
  const { name } = example('spec_GetIncidentById.json') as unknown as Resource;
  const answer = await send(simulator, incidentsPath(at, `/${name}/comments`), { headers });
  expect(answer.body).toEqual(example('spec_GetAllIncidentComments.json'));
});
