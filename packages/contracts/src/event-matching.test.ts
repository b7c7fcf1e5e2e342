import { expect, test } from '@jest/globals';
import { type EventFilter, type EventTraits, matchesEvent } from './event-matching.ts';

const filter = (only: Partial<EventFilter> = {}): EventFilter => ({
  endpointId: 'whe_mine',
  eventTypes: ['incident-alert'],
  severityMin: null,
  alertOn: ['new'],
  triggers: ['schedule'],
  providers: null,
  filters: {},
  ...only,
});
const alert = (only: Partial<Extract<EventTraits, { type: 'incident-alert' }>> = {}): EventTraits => ({
  type: 'incident-alert',
  reason: 'new',
  severity: 'medium',
  previousSeverity: null,
  provider: 'prod-sentinel',
  incident: { title: 'Password spray', rules: [], products: [], labels: [], tactics: [] },
  ...only,
});

test('an endpoint without a minimum gets medium alerts', () => {
  expect(matchesEvent(filter(), alert())).toBe(true);
});

test('an endpoint gets no alert below its own minimum', () => {
  expect(matchesEvent(filter({ severityMin: 'high' }), alert())).toBe(false);
});

test('a rise is told as raised only to endpoints that asked and had met their minimum before', () => {
  const raised = alert({ reason: 'raised', severity: 'high', previousSeverity: 'medium' });
  expect(matchesEvent(filter(), raised)).toBe(false);
  expect(matchesEvent(filter({ alertOn: ['new', 'raised'] }), raised)).toBe(true);
  expect(matchesEvent(filter({ alertOn: ['new', 'raised'], severityMin: 'high' }), raised)).toBe(false);
});

test('a rise that first meets the minimum of an endpoint is new to it', () => {
  const risen = alert({ reason: 'new', severity: 'high', previousSeverity: 'medium' });
  expect(matchesEvent(filter({ severityMin: 'high' }), risen)).toBe(true);
  expect(matchesEvent(filter({ severityMin: 'medium' }), risen)).toBe(false);
});

test('an endpoint gets only the types, workspaces and triggers that it named', () => {
  expect(matchesEvent(filter({ eventTypes: ['schedule-disabled'] }), alert())).toBe(false);
  expect(matchesEvent(filter({ providers: ['other'] }), alert())).toBe(false);
  expect(matchesEvent(filter({ providers: ['prod-sentinel'] }), alert())).toBe(true);
  const byApi: EventTraits = { type: 'investigation-failed', trigger: 'api', provider: 'prod-sentinel' };
  expect(matchesEvent(filter({ eventTypes: ['investigation-failed'] }), byApi)).toBe(false);
  expect(matchesEvent(filter({ eventTypes: ['investigation-failed'], triggers: ['api'] }), byApi)).toBe(true);
});

test('an endpoint gets only the alerts that its filters let through, and other types whatever these say', () => {
  const filters = { title_contains: ['malware'] };
  expect(matchesEvent(filter({ filters }), alert())).toBe(false);
  expect(matchesEvent(filter({ filters: { title_contains: ['SPRAY'] } }), alert())).toBe(true);
  const unhealthy: EventTraits = { type: 'provider-unhealthy', provider: 'prod-sentinel' };
  expect(matchesEvent(filter({ filters, eventTypes: ['provider-unhealthy'] }), unhealthy)).toBe(true);
});

test.each<[string, string, string[] | null, string[] | null, boolean]>([
  ['another, for all workspaces', 'whe_other', null, null, true],
  ['itself', 'whe_mine', null, null, false],
  ['another of its workspaces', 'whe_other', ['eu'], ['eu', 'us'], true],
  ['another of more workspaces than its own', 'whe_other', ['eu', 'us'], ['eu'], false],
  ['another of all workspaces, being limited', 'whe_other', null, ['eu'], false],
  ['another of one workspace, being unlimited', 'whe_other', ['eu'], null, true],
])('an endpoint hears that an endpoint fails: %s', (...given) => {
  const [, endpointId, failing, providers, isWanted] = given;
  const subscriber = filter({ eventTypes: ['endpoint-failing'], providers });
  expect(matchesEvent(subscriber, { type: 'endpoint-failing', endpointId, providers: failing })).toBe(
    isWanted,
  );
});
