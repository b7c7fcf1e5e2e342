import { expect, test } from '@jest/globals';
import { IncidentAlert } from '@socmate/contracts';
import type { StoredIncident } from '@socmate/database';
import type { SentinelIncident } from '@socmate/sentinel';
import { anIncident } from './an-incident.ts';
import { type AlertingProvider, incidentAlerts } from './incident-alerts.ts';

const aProvider = (only: Partial<AlertingProvider> = {}): AlertingProvider => ({
  id: 'prv_1',
  name: 'prod',
  isDefault: true,
  tenantId: 'tenant-1',
  alertBacklog: false,
  includeClosed: false,
  connectedAt: new Date('2026-11-22T00:00:00Z'),
  ...only,
});
const firstSeen = { isNew: true, alertedSeverity: null };
const alertsOf = (
  incident: Partial<SentinelIncident>,
  stored: Omit<StoredIncident, 'id' | 'sentinelName'> = firstSeen,
  provider: Partial<AlertingProvider> = {},
) =>
  incidentAlerts(aProvider(provider), 'https://soc.example', [
    { incident: anIncident(incident), stored: { id: 'inc_1', sentinelName: 'name-1', ...stored } },
  ]);
const causes = (...given: Parameters<typeof alertsOf>): string[] =>
  alertsOf(...given).map(({ causeKey }) => causeKey);

test.each([
  ['informational', []],
  ['low', []],
  ['medium', ['incident:prv_1:name-1:new']],
  ['high', ['incident:prv_1:name-1:new']],
] as const)('an incident first seen as %s', (severity, expected) => {
  expect(causes({ severity })).toEqual(expected);
});

const silent = { isNew: false, alertedSeverity: null } as const;

test('an incident that is closed or merged away when first seen alerts nobody, unless that is wanted', () => {
  const merged = { isMerged: true, mergedInto: 7, status: 'active' } as const;
  for (const over of [{ status: 'closed' } as const, merged]) {
    expect(causes(over)).toEqual([]);
    expect(causes(over, silent)).toEqual([]);
    expect(causes(over, firstSeen, { includeClosed: true })).toEqual(['incident:prv_1:name-1:new']);
  }
});

test('one that never alerted does so when it is reopened, and one that did does not', () => {
  expect(causes({ status: 'active' }, silent)).toEqual(['incident:prv_1:name-1:new']);
  expect(causes({ status: 'active' }, { isNew: false, alertedSeverity: 'medium' })).toEqual([]);
});

test('a rise of an incident that is closed waits for its reopening', () => {
  const known = { isNew: false, alertedSeverity: 'medium' } as const;
  expect(causes({ severity: 'high', status: 'closed' }, known)).toEqual([]);
  expect(causes({ severity: 'high', status: 'active' }, known)).toHaveLength(2);
});

test('what was created before the workspace was connected is silent, risen or not, unless the backlog is wanted', () => {
  const old = { createdAt: '2026-11-21T23:59:59Z', severity: 'high' } as const;
  expect(causes(old)).toEqual([]);
  expect(causes(old, silent)).toEqual([]);
  expect(causes(old, firstSeen, { alertBacklog: true })).toEqual(['incident:prv_1:name-1:new']);
});

test('the first rise to medium or higher is new', () => {
  expect(causes({ severity: 'high' }, silent)).toEqual(['incident:prv_1:name-1:new']);
  expect(alertsOf({ severity: 'high' }, silent)[0]?.traits).toMatchObject({
    reason: 'new',
    previousSeverity: null,
  });
});

test('a rise above the last alert is raised, and new to those whose minimum it is the first to meet', () => {
  const known = { isNew: false, alertedSeverity: 'medium' } as const;
  const [raised, risen] = alertsOf({ severity: 'high' }, known);
  expect(raised).toMatchObject({
    causeKey: 'incident:prv_1:name-1:raised:high',
    severity: 'high',
    traits: { reason: 'raised', severity: 'high', previousSeverity: 'medium' },
    data: { reason: 'raised', previous_severity: 'medium' },
  });
  expect(risen).toMatchObject({
    causeKey: 'incident:prv_1:name-1:new:high',
    traits: { reason: 'new', severity: 'high', previousSeverity: 'medium' },
    data: { reason: 'new', previous_severity: 'medium' },
  });
});

test('a severity that falls, and comes back to what was alerted, alerts nobody', () => {
  const known = { isNew: false, alertedSeverity: 'high' } as const;
  expect(causes({ severity: 'low' }, known)).toEqual([]);
  expect(causes({ severity: 'high' }, known)).toEqual([]);
});

test('the data is what is documented, and links name the workspace only where the number would not do', () => {
  const [alert] = alertsOf({});
  const data = IncidentAlert.parse(alert?.data);
  expect(data.incident).toMatchObject({
    number: 34,
    provider: 'prod',
    provider_incident_id: '347',
    alerts_count: 3,
    owner: 'jane@contoso.com',
    created_at: '2026-11-22T10:00:00.123Z',
    last_activity_at: null,
  });
  expect(data.links).toEqual({
    api: 'https://soc.example/api/v1/incidents/34',
    console: 'https://soc.example/incidents/34',
    sentinel: 'https://portal.azure.com/#asset/1',
    defender: 'https://security.microsoft.com/incidents/347?tid=tenant-1',
  });
  const [other] = alertsOf({}, firstSeen, { isDefault: false });
  expect(IncidentAlert.parse(other?.data).links.api).toBe(
    'https://soc.example/api/v1/incidents/34?provider=prod',
  );
});
