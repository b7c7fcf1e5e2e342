import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { IncidentToRead } from '@socmate/database';
import { readIncident } from './read-incident.ts';

const samples = join(import.meta.dirname, '../../../../infra/azure-simulator/samples/rest');

const anIncident = (only: Partial<IncidentToRead> = {}): IncidentToRead => ({
  incidentId: 'inc_1',
  providerId: 'prv_1',
  title: 'Password spray',
  description: '',
  techniques: [],
  firstSeen: new Date('2026-11-01T00:00:00Z'),
  lastSeen: new Date('2026-11-02T00:00:00Z'),
  entities: [],
  alerts: [],
  ...only,
});

const ip = (address: string) => ({ id: address, name: address, kind: 'Ip', properties: { address } });
const anAlert = (properties: Record<string, unknown>) => ({ kind: 'SecurityAlert', properties });
const keysOf = (incident: IncidentToRead) => readIncident(incident).entities.map(({ key }) => key);

test('it reads the entities, the alerts’ own, and the texts of both', () => {
  const incident = anIncident({
    title: 'Beacon to evil[.]example[.]net',
    description: 'from 45.155.205.20',
    entities: [ip('45.155.205.21')],
    alerts: [
      anAlert({
        description: 'payload 44d88612fea8a8f36de82e1278abb02f',
        entities: JSON.stringify([{ $id: '2', Type: 'ip', Address: '45.155.205.22' }]),
        additionalData: {
          Query: 'T | where ip == "45.155.205.23"',
          'Custom Details': '{"Source":["45.155.205.24"]}',
          Action: 'see 45.155.205.99',
        },
      }),
    ],
  });
  expect(keysOf(incident)).toEqual([
    'domain:evil.example.net',
    'hash:44d88612fea8a8f36de82e1278abb02f',
    'ip:45.155.205.20',
    'ip:45.155.205.21',
    'ip:45.155.205.22',
    'ip:45.155.205.23',
    'ip:45.155.205.24',
  ]);
});

test('an alert as a row of the table tells the same', () => {
  const row = {
    DisplayName: 'Beacon to evil[.]example[.]net',
    Description: 'from 45.155.205.20',
    Entities: JSON.stringify([{ $id: '2', Type: 'ip', Address: '45.155.205.22' }]),
    ExtendedProperties: JSON.stringify({
      Query: 'T | where ip == "45.155.205.23"',
      MitreTechniques: 'T1082',
    }),
    SubTechniques: '["T1497.001"]',
  };
  const reading = readIncident(anIncident({ alerts: [row, { ExtendedProperties: '{' }] }));
  expect(reading.entities.map(({ key }) => key)).toEqual([
    'domain:evil.example.net',
    'ip:45.155.205.20',
    'ip:45.155.205.22',
    'ip:45.155.205.23',
  ]);
  expect(reading.techniques).toEqual(['T1082', 'T1497.001']);
});

test('an entity counts once for each part of the incident that names it, under whatever name', () => {
  const incident = anIncident({
    description: '45.155.205.20, again 45[.]155[.]205[.]20',
    entities: [ip('45.155.205.20')],
    alerts: [
      anAlert({ description: 'from 45.155.205.20' }),
      anAlert({ description: 'from 45.155.205.20' }),
      anAlert({ description: 'nothing' }),
    ],
  });
  expect(readIncident(incident).entities).toMatchObject([
    { key: 'ip:45.155.205.20', source: 'sentinel', count: 4 },
  ]);
});

test('techniques come from the incident, its alerts and its texts, sorted, revoked ones as what replaced them', () => {
  const incident = anIncident({
    description: 'as in T1566.001',
    techniques: ['T1110', 'T9999', 'nonsense'],
    alerts: [
      anAlert({
        techniques: ['T1047'],
        subTechniques: ['T1497.001'],
        additionalData: { MitreTechniques: 'T1082;T1086' },
      }),
    ],
  });
  expect(readIncident(incident).techniques).toEqual([
    'T1047',
    'T1059.001',
    'T1082',
    'T1110',
    'T1497.001',
    'T1566.001',
  ]);
});

test.each([
  ['null', null],
  ['a number', 7],
  ['strings', { description: 7, additionalData: 'x', entities: '[{', techniques: { a: 1 } }],
  ['nothing', {}],
])('an alert whose properties are %s stops nothing', (_, properties) => {
  const alerts = [{ properties }, {}];
  expect(keysOf(anIncident({ alerts, entities: [ip('45.155.205.20'), null, 'x', 7] }))).toEqual([
    'ip:45.155.205.20',
  ]);
});

test.each([5, 34, 38, 55])(
  'the real incident %i reads the same twice, with relations and techniques',
  (number) => {
    const read = (kind: string) =>
      JSON.parse(readFileSync(join(samples, `incident_${number}.${kind}.json`), 'utf8')) as Record<
        string,
        unknown
      >;
    const { title, description } = read('incident')['properties'] as { title: string; description?: string };
    const incident = anIncident({
      title,
      description: description ?? '',
      entities: read('entities')['entities'] as unknown[],
      alerts: read('alerts')['value'] as Record<string, unknown>[],
    });
    const reading = readIncident(incident);
    expect(reading.entities.length).toBeGreaterThan(15);
    expect(reading.relations.length).toBeGreaterThan(2);
    expect(reading.techniques.length).toBeGreaterThan(1);
    expect(reading.entities.every(({ count }) => count !== undefined && count >= 1)).toBe(true);
    expect(readIncident(incident)).toEqual(reading);
  },
);
