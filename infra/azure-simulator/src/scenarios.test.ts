import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { readScenarios } from './scenario.ts';
import { type Simulator, startSimulator } from './simulator.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';
import { parseDuration } from './times.ts';

const scenarios = [...readScenarios([join(import.meta.dirname, '..', 'scenarios')]).values()];
const named = scenarios.map((scenario) => [scenario.id, scenario] as const);

let simulator: Simulator;
let headers: Record<string, string>;
beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false, isReadQuotaEnforced: false });
  headers = await bearer(simulator);
});
afterAll(() => simulator.close());

type Properties = Readonly<Record<string, string | undefined>>;

const NAMES: Readonly<Record<string, (entity: Properties) => readonly (readonly [string, string])[]>> = {
  Account: ({ accountName, upnSuffix }) => [['user', `${accountName}@${upnSuffix}`]],
  Host: ({ hostName, dnsDomain }) => [['host', `${hostName}.${dnsDomain}`]],
  Ip: ({ address }) => [['ip', `${address}`]],
  Url: ({ url = '' }) => [
    ['url', url],
    ['domain', new URL(url).hostname],
  ],
  FileHash: ({ hashValue }) => [['hash', `${hashValue}`]],
  DnsResolution: ({ domainName }) => [['domain', `${domainName}`]],
  MailMessage: ({ p2Sender, recipient }) => [
    ['email', `${p2Sender}`],
    ['email', `${recipient}`],
  ],
  CloudApplication: ({ appName }) => [['cloud_application', `${appName}`]],
  AzureResource: ({ resourceId }) => [['azure_resource', `${resourceId}`]],
};

const namesOf = ({ kind = '', properties }: Resource): string[] =>
  (NAMES[kind]?.(properties as Properties) ?? []).map(([type, value]) => `${type} ${value}`);

test('ten ship, of every verdict, and few of them are of high severity', () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(10);
  const verdicts = scenarios.map(({ expected }) => expected?.verdict);
  expect(new Set(verdicts)).toEqual(new Set(['malicious', 'suspicious', 'benign']));
  const severities = scenarios.map(({ incident }) => incident.severity);
  const share = severities.filter((severity) => severity === 'High').length / severities.length;
  expect(share).toBeLessThanOrEqual(1 / 3);
  expect(new Set(severities).size).toBeGreaterThanOrEqual(3);
});

test.each(named)(
  '%s happens: its alerts and entities are served, and hold what it expects',
  async (id, scenario) => {
    const { body } = await control(simulator, `/scenarios/${id}/run`, {});
    const { incident_name: name } = body as { incident_name: string };
    const at = connection(simulator);
    const read = async (below: string, method: string): Promise<unknown> => {
      const answer = await send(simulator, incidentsPath(at, `/${name}${below}`), { method, headers });
      expect(answer.status).toBe(200);
      return answer.body;
    };
    const incident = (await read('', 'GET')) as Resource;
    const { value: alerts } = (await read('/alerts', 'POST')) as { value: Resource[] };
    const { entities } = (await read('/entities', 'POST')) as { entities: Resource[] };
    expect(alerts).toHaveLength(scenario.alerts.length);
    expect(entities).toHaveLength(scenario.entities.length);
    const { techniques = [], entities: wanted = [] } = scenario.expected ?? {};
    const { additionalData } = incident.properties as { additionalData: { techniques: string[] } };
    expect(additionalData.techniques).toEqual(expect.arrayContaining([...techniques]));
    const known = entities.flatMap(namesOf);
    expect(known).toEqual(expect.arrayContaining(wanted.map(({ type, value }) => `${type} ${value}`)));
  },
);

test.each(named)('%s tells its acts in an order that time allows', (_id, { incident, alerts }) => {
  const ms = (text: string | undefined) => -(parseDuration(text ?? '') ?? 0);
  for (const { startTimeUtc, endTimeUtc, timeGenerated } of alerts) {
    expect(ms(startTimeUtc)).toBeGreaterThanOrEqual(ms(endTimeUtc));
    expect(ms(endTimeUtc)).toBeGreaterThanOrEqual(ms(timeGenerated));
  }
  const firstKnown = Math.max(...alerts.map(({ timeGenerated }) => ms(timeGenerated)));
  expect(firstKnown).toBeGreaterThanOrEqual(ms(incident.createdTimeUtc));
});
