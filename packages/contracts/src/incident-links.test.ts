import { expect, test } from '@jest/globals';
import { incidentLinks, type LinkedIncident } from './incident-links.ts';

const anIncident = (only: Partial<LinkedIncident>): LinkedIncident => ({
  number: 34,
  incidentUrl: 'https://portal.azure.com/#asset/34',
  providerName: 'Microsoft XDR',
  providerIncidentId: '347',
  defenderUrl: null,
  tenantId: 'tenant-1',
  ...only,
});
const linksOf = (only: Partial<LinkedIncident>) => incidentLinks('https://soc.example/', anIncident(only));

test('an incident of the Defender portal links to its page there, as Sentinel says it or built from its number', () => {
  expect(linksOf({}).defender).toBe('https://security.microsoft.com/incidents/347?tid=tenant-1');
  expect(linksOf({ defenderUrl: 'https://security.microsoft.com/incidents/9' }).defender).toBe(
    'https://security.microsoft.com/incidents/9',
  );
});

test('an incident that Sentinel made has no page in the Defender portal', () => {
  expect(linksOf({ providerName: 'Azure Sentinel' }).defender).toBeNull();
  expect(linksOf({ providerName: null, providerIncidentId: null }).defender).toBeNull();
});

test('a link that is no https address is left out', () => {
  expect(linksOf({ incidentUrl: 'javascript:alert(1)' }).sentinel).toBeNull();
});

test('our own links name the workspace only where the number alone would not do', () => {
  expect(linksOf({}).api).toBe('https://soc.example/api/v1/incidents/34');
  expect(linksOf({ provider: 'eu & us' }).api).toBe(
    'https://soc.example/api/v1/incidents/34?provider=eu%20%26%20us',
  );
});
