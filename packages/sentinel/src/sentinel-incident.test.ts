import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseAlerts, parseEntities, parseIncidentPage } from './sentinel-answers.ts';
import { parseIncident } from './sentinel-incident.ts';
import { parseStorableJson } from './storable-json.ts';

const SAMPLES = join(import.meta.dirname, '../../../infra/azure-simulator/samples');
const files = ['rest', 'verbatim'].flatMap((group) =>
  readdirSync(join(SAMPLES, group)).map((file) => join(group, file)),
);
const read = (file: string): string => readFileSync(join(SAMPLES, file), 'utf8');

interface Raw {
  readonly value?: readonly Raw[];
  readonly entities?: readonly unknown[];
  readonly kind?: string;
  readonly properties?: { readonly incidentNumber?: number };
}

const isIncident = (raw: Raw): boolean => raw.properties?.incidentNumber !== undefined;
const incidentsIn = (file: string): readonly Raw[] => {
  const body = JSON.parse(read(file)) as Raw;
  return [body, ...(body.value ?? [])].filter(isIncident);
};
const withIncidents = files.filter((file) => incidentsIn(file).length > 0);

const aRaw = (properties: object = {}, more: object = {}) => ({
  name: 'name-1',
  etag: '"1"',
  properties: {
    incidentNumber: 1,
    severity: 'High',
    status: 'New',
    createdTimeUtc: '2026-11-22T10:00:00.1234567Z',
    lastModifiedTimeUtc: '2026-11-22T10:00:00.1234567Z',
    ...properties,
  },
  ...more,
});

test('the samples hold incidents', () => {
  expect(withIncidents.length).toBeGreaterThanOrEqual(8);
});

test.each(withIncidents)('every incident of %s is read, and its raw form stays as it was sent', (file) => {
  for (const raw of incidentsIn(file)) {
    const incident = parseIncident(parseStorableJson(JSON.stringify(raw)));
    expect(incident.raw).toEqual(raw);
    expect(incident.number).toBe(raw.properties?.incidentNumber);
    expect(Number.isNaN(Date.parse(incident.lastModifiedAt))).toBe(false);
  }
});

const alertsIn = (file: string): readonly Raw[] =>
  ((JSON.parse(read(file)) as Raw).value ?? []).filter(({ kind }) => kind === 'SecurityAlert');
const entitiesIn = (file: string): readonly unknown[] => (JSON.parse(read(file)) as Raw).entities ?? [];

test.each(files.filter((file) => alertsIn(file).length > 0))('the alerts of %s are read whole', (file) => {
  expect(parseAlerts(JSON.parse(read(file))).map(({ raw }) => raw)).toEqual(alertsIn(file));
});

test.each(files.filter((file) => entitiesIn(file).length > 0))(
  'the entities of %s are read whole',
  (file) => {
    expect(parseEntities(JSON.parse(read(file)))).toEqual(entitiesIn(file));
  },
);

test('the incident of Microsoft XDR keeps techniques without tactics, its owner’s only name and its own number', () => {
  const [raw] = incidentsIn('rest/incident_34.incident.json');
  expect(parseIncident(raw)).toMatchObject({
    description: '',
    severity: 'informational',
    status: 'active',
    owner: 'Mimik Emails - AlpineSkiHouse',
    labels: ['Backdoor', 'LATEST', 'Missing Alerts'],
    tactics: [],
    techniques: ['T1059', 'T1112', 'T1547', 'T1053', 'T1018', 'T1069', 'T1087', 'T1135', 'T1558'],
    alertsCount: 11,
    providerIncidentId: '347',
    defenderUrl: 'https://security.microsoft.com/incidents/347?tid=a59fc703-72db-43e0-8a21-0494303b7220',
    createdAt: '2024-06-26T11:07:02.500000Z',
  });
});

test('an owner written as the text "null" is no owner', () => {
  const [raw] = incidentsIn('verbatim/msticpy_incident_list.json');
  expect(parseIncident(raw).owner).toBeNull();
});

test('an incident with nothing but what it cannot be without is read', () => {
  expect(parseIncident(aRaw())).toMatchObject({
    title: '',
    description: '',
    severity: 'high',
    owner: null,
    labels: [],
    alertsCount: 0,
    createdAt: '2026-11-22T10:00:00.1234567Z',
  });
});

test.each([
  ['number', { incidentNumber: 'x' }],
  ['number beyond what Postgres holds exactly', { incidentNumber: 2 ** 60 }],
  ['severity', { severity: 'Extreme' }],
  ['status', { status: null }],
  ['time', { lastModifiedTimeUtc: 'Nov 22 2026' }],
  ['count of alerts', { additionalData: { alertsCount: 3e9 } }],
])(
  'an incident with a bad %s is left out and named, and the others of its page are read',
  (_, properties) => {
    const bad = aRaw(properties, { name: 'bad' });
    const page = parseIncidentPage({ value: [aRaw(), bad, null, 7, aRaw({}, { name: 'name-2' })] });
    expect(page.incidents.map(({ name }) => name)).toEqual(['name-1', 'name-2']);
    expect(page.unreadable.map(({ name }) => name)).toEqual(['bad', null, null]);
    expect(page.unreadable[0]?.reason).toMatch(/^properties\./);
  },
);

test('a page without a link or with an empty one is the last', () => {
  expect(parseIncidentPage({ value: [] }).isLast).toBe(true);
  expect(parseIncidentPage({ value: [], nextLink: '' }).isLast).toBe(true);
  expect(parseIncidentPage({ value: [], nextLink: 'https://x' }).isLast).toBe(false);
});

test('an alert without an id is left out, one that comes twice is kept once', () => {
  const raw = { name: 'a', properties: { systemAlertId: 'A' } };
  expect(parseAlerts({ value: [raw, raw, {}, { name: 'b' }] })).toEqual([
    { systemAlertId: 'A', raw },
    { systemAlertId: 'b', raw: { name: 'b' } },
  ]);
});

test.each([
  ['its number', { additionalData: { mergedIncidentNumber: 12 } }, 12, true],
  ['its number as text', { additionalData: { mergedIncidentNumber: '12' } }, 12, true],
  ['a label', { labels: [{ labelName: 'Redirected', labelType: 'AutoAssigned' }] }, null, true],
  ['a label in another case', { labels: ['rEDIRECTED'] }, null, true],
  ['nothing', { additionalData: { mergedIncidentNumber: null }, labels: [] }, null, false],
  ['a number that is none', { additionalData: { mergedIncidentNumber: 'twelve' } }, null, false],
  ['zero', { additionalData: { mergedIncidentNumber: 0 } }, null, false],
  ['an empty text', { additionalData: { mergedIncidentNumber: '' } }, null, false],
  ['an object', { additionalData: { mergedIncidentNumber: {} } }, null, false],
])('what an incident was merged into, told by %s', (_, properties, mergedInto, isMerged) => {
  expect(parseIncident(aRaw(properties))).toMatchObject({ mergedInto, isMerged });
});

test('comments are counted, none where nothing is said of them', () => {
  expect(parseIncident(aRaw({ additionalData: { commentsCount: 3 } })).commentsCount).toBe(3);
  expect(parseIncident(aRaw()).commentsCount).toBe(0);
});
