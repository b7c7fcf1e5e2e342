import { expect, test } from '@jest/globals';
import { parseIncident, type SentinelIncident } from '@socmate/sentinel';
import { changeableState, isAsRequested, replacementOf, seenDifferences } from './incident-replacement.ts';

const properties = {
  title: 'Password spray',
  description: 'Many tries',
  severity: 'High',
  status: 'Closed',
  classification: 'BenignPositive',
  classificationReason: 'SuspiciousButExpected',
  classificationComment: 'A test',
  owner: {
    objectId: 'f6b2c1d0-0000-4000-8000-000000000001',
    email: 'jane@contoso.com',
    assignedTo: 'Jane Doe',
  },
  labels: [{ labelName: 'vip', labelType: 'User' }],
  firstActivityTimeUtc: '2026-11-22T09:00:00Z',
  lastActivityTimeUtc: '2026-11-22T10:00:00Z',
  providerName: 'Microsoft XDR',
  providerIncidentId: '347',
  teamInformation: { name: 'tier two' },
  createdTimeUtc: '2026-11-22T10:00:00Z',
  lastModifiedTimeUtc: '2026-11-22T11:00:00Z',
  incidentNumber: 34,
  incidentUrl: 'https://portal.azure.com/#asset/1',
  relatedAnalyticRuleIds: ['rule'],
  additionalData: { alertsCount: 3, commentsCount: 1, tactics: ['CredentialAccess'] },
};
const incident = (only: object = {}): SentinelIncident =>
  parseIncident({ name: 'name-1', etag: '"1"', properties: { ...properties, ...only } });

test('a replacement holds all that Azure would lose without it, and nothing that Azure sets', () => {
  const { title, description, severity, owner, firstActivityTimeUtc, lastActivityTimeUtc } = properties;
  const { providerName, providerIncidentId, teamInformation } = properties;
  const kept = { title, description, severity, owner, firstActivityTimeUtc, lastActivityTimeUtc };
  expect(replacementOf(incident(), { status: 'active' })).toEqual({
    ...kept,
    providerName,
    providerIncidentId,
    teamInformation,
    labels: [{ labelName: 'vip' }],
    status: 'Active',
  });
});

test('closing writes classification, reason and comment as Azure names them', () => {
  const requested = {
    status: 'closed',
    classification: 'true_positive',
    reason: 'suspicious_activity',
    comment: 'Contained',
  } as const;
  expect(replacementOf(incident(), requested)).toMatchObject({
    status: 'Closed',
    classification: 'TruePositive',
    classificationReason: 'SuspiciousActivity',
    classificationComment: 'Contained',
  });
});

test.each([
  ['kim@contoso.com', { userPrincipalName: 'kim@contoso.com' }],
  ['F6B2C1D0-0000-4000-8000-000000000002', { objectId: 'F6B2C1D0-0000-4000-8000-000000000002' }],
  [null, { objectId: null, email: null, assignedTo: null, userPrincipalName: null }],
])('the owner %s replaces the old one whole', (owner, written) => {
  expect(replacementOf(incident(), { status: 'new', owner })['owner']).toEqual(written);
});

test('what may be changed is shown as the API writes it', () => {
  expect(changeableState(incident())).toEqual({
    status: 'closed',
    classification: 'benign_positive',
    reason: 'suspicious_but_expected',
    comment: 'A test',
    owner: 'Jane Doe',
  });
});

test.each([
  [
    true,
    {
      status: 'closed',
      classification: 'benign_positive',
      reason: 'suspicious_but_expected',
      comment: 'A test',
    },
  ],
  [false, { status: 'closed', classification: 'benign_positive', reason: 'suspicious_but_expected' }],
  [false, { status: 'closed', classification: 'undetermined' }],
  [false, { status: 'active' }],
] as const)('as requested: %s for %j', (expected, requested) => {
  expect(isAsRequested(incident(), requested)).toBe(expected);
});

test('an owner is known by any of its names', () => {
  const active = incident({ status: 'Active', classification: null, classificationReason: null });
  const isOwnedBy = (owner: string | null) => isAsRequested(active, { status: 'active', owner });
  expect([isOwnedBy('JANE@contoso.com'), isOwnedBy('kim@contoso.com'), isOwnedBy(null)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isOwnedBy(properties.owner.objectId)).toBe(true);
});

test('comments, times of change and etags are no difference; what people see is', () => {
  const commented = {
    lastModifiedTimeUtc: '2026-11-22T12:00:00Z',
    additionalData: { ...properties.additionalData, commentsCount: 2 },
  };
  expect(seenDifferences(incident(), { ...incident(commented), etag: '"2"' })).toEqual([]);
  const grown = { severity: 'Low', additionalData: { ...properties.additionalData, alertsCount: 4 } };
  expect(seenDifferences(incident(), incident(grown))).toEqual(['severity', 'alertsCount']);
});
