import { expect, test } from '@jest/globals';
import { renderEvent } from './events.ts';
import { storedTraits } from './stored-traits.ts';

const stored = (type: Parameters<typeof renderEvent>[0]['type'], data: unknown) => ({
  type,
  body: renderEvent({ id: 'evt_1', type, timestamp: new Date(0), data }),
  provider: 'prod',
});

const incident = {
  title: 'Password spray',
  severity: 'high',
  provider: 'eu',
  rules: ['rule-1'],
  products: ['Azure Sentinel'],
  labels: ['vip'],
  tactics: ['InitialAccess'],
};

test('what decides who gets an alert is read back from its body', () => {
  const data = { reason: 'raised', incident: { ...incident, number: 1 }, previous_severity: 'medium' };
  expect(storedTraits(stored('incident-alert', data))).toEqual({
    type: 'incident-alert',
    reason: 'raised',
    severity: 'high',
    previousSeverity: 'medium',
    provider: 'eu',
    incident,
  });
});

test('an alert from before rules and products were sent has none', () => {
  const { rules: _rules, products: _products, ...older } = incident;
  const traits = storedTraits(stored('incident-alert', { reason: 'new', incident: older }));
  expect(traits).toMatchObject({ previousSeverity: null, incident: { rules: [], products: [] } });
});

test('an investigation’s trigger is in its body, its workspace beside it', () => {
  const traits = storedTraits(stored('investigation-failed', { trigger: 'api' }));
  expect(traits).toEqual({ type: 'investigation-failed', trigger: 'api', provider: 'prod' });
});

test.each(['schedule-disabled', 'provider-unhealthy', 'provider-recovered'] as const)(
  'of %s only the workspace decides',
  (type) => {
    expect(storedTraits(stored(type, {}))).toEqual({ type, provider: 'prod' });
  },
);

test('of a failing endpoint, itself and its workspaces decide', () => {
  const endpoint = { id: 'whe_1', name: 'soar', providers: ['eu'] };
  const traits = { type: 'endpoint-failing', endpointId: 'whe_1', providers: ['eu'] };
  expect(storedTraits(stored('endpoint-failing', { endpoint }))).toEqual(traits);
  expect(storedTraits(stored('endpoint-failing', {}))).toBeUndefined();
});

test('a ping and what cannot be read are for nobody', () => {
  expect(storedTraits(stored('ping', { message: 'hello' }))).toBeUndefined();
  expect(storedTraits(stored('incident-alert', { reason: 'new' }))).toBeUndefined();
  expect(storedTraits(stored('investigation-completed', {}))).toBeUndefined();
});
