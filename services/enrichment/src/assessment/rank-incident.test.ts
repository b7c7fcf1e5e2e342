import { expect, test } from '@jest/globals';
import type { Severity } from '@socmate/contracts';
import { createAssess } from './assess-incident.ts';
import { rankIncident } from './rank-incident.ts';
import { levelOf } from './score-incident.ts';
import { anEntity, anInput, anObservation } from './test-incident.ts';

const rank = (
  severity: Severity,
  score: number,
  more: { explained?: boolean; isPrivilegeAtRisk?: boolean } = {},
) =>
  rankIncident({
    severity,
    risk: {
      score,
      level: levelOf(score),
      lines: more.explained === true ? [{ points: -10, reason: 'known good', evidence: ['incident:1'] }] : [],
    },
    isPrivilegeAtRisk: more.isPrivilegeAtRisk ?? false,
  });

test('a score of 60 raises the severity by a step, and never past high', () => {
  expect(rank('medium', 59)).toBe('medium');
  expect(rank('medium', 60)).toBe('high');
  expect(rank('informational', 100)).toBe('low');
  expect(rank('high', 89)).toBe('high');
});

test('a high incident is critical from a score of 90, and no other by its score alone', () => {
  expect(rank('high', 90)).toBe('critical');
  expect(rank('medium', 100)).toBe('high');
});

test('what is explained is a step lower; what nothing is known of stays', () => {
  expect(rank('medium', 0, { explained: true })).toBe('low');
  expect(rank('informational', 0, { explained: true })).toBe('informational');
  expect(rank('medium', 0)).toBe('medium');
  expect(rank('medium', 20, { explained: true })).toBe('medium');
});

test('a privileged account with confirmed malicious evidence is critical whatever the severity', () => {
  const admin = anEntity('user', 'a@contoso.com', {
    attributes: { assigned_roles: ['Global Administrator'] },
  });
  const user = anEntity('user', 'b@contoso.com');
  const address = anEntity('ip', '45.155.205.20');
  const assess = createAssess({ tenantDomains: [] });
  const priorityOf = (who: typeof user, reliability: 'B' | 'C') =>
    assess(
      anInput({
        incident: { severity: 'low' },
        entities: [who, address],
        observations: new Map([[address.key, [anObservation({ reliability })]]]),
      }),
    ).priority;
  expect(priorityOf(admin, 'B')).toBe('critical');
  expect(priorityOf(admin, 'C')).toBe('low');
  expect(priorityOf(user, 'B')).toBe('low');
});
