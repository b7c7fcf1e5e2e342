import { expect, test } from '@jest/globals';
import { ATTACK_ATTRIBUTION, tacticOf, techniqueOf } from './attack.ts';

test('a technique has its name and its tactics', () => {
  expect(techniqueOf(' t1059.001 ')).toMatchObject({
    id: 'T1059.001',
    name: 'PowerShell',
    isSubTechnique: true,
  });
  expect(
    techniqueOf('T1078')
      ?.tactics.map(({ id }) => id)
      .sort(),
  ).toEqual(['TA0001', 'TA0003', 'TA0004', 'TA0005']);
});

test('a revoked technique is what replaced it, also in several steps', () => {
  expect(techniqueOf('T1086')?.id).toBe('T1059.001');
  expect(techniqueOf('T1494')?.id).toBe('T1565.003');
});

test.each(['T9999', '', 'constructor', '__proto__', 'TA0001'])('%j is no technique', (id) => {
  expect(techniqueOf(id)).toBeUndefined();
});

test.each(['TA0008', 'LateralMovement', 'lateral-movement', 'Lateral Movement'])(
  '%s names a tactic',
  (name) => {
    expect(tacticOf(name)?.id).toBe('TA0008');
  },
);

test('whose work it is can be shown', () => {
  expect(ATTACK_ATTRIBUTION).toContain('The MITRE Corporation');
});
