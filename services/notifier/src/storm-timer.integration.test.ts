import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { publishEvents, transaction } from '@socmate/database';
import { createIds, systemClock } from '@socmate/runtime';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

const making = { ids: createIds(), clock: systemClock };
let fixture: NotifierFixture;
let receiver: Receiver;

beforeAll(async () => {
  fixture = await openNotifierFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await fixture.reset();
  await receiver.close();
});

const publishAlerts = (count: number): Promise<string[]> => {
  const incident = { title: 'Spray', rules: ['rule-1'], products: [], labels: [], tactics: [] };
  const events = Array.from({ length: count }, (_, n) => ({
    type: 'incident-alert' as const,
    causeKey: `cause-${n}`,
    providerId: null,
    traits: {
      type: 'incident-alert' as const,
      reason: 'new' as const,
      severity: 'medium' as const,
      previousSeverity: null,
      provider: 'prod',
      incident,
    },
    data: { incident: { ...incident, number: n } },
  }));
  return transaction(fixture.pool, (db) => publishEvents(db, making, events, undefined));
};

test('of a storm an endpoint gets what its threshold lets through, then one event for the rest', async () => {
  await fixture.subscribe({ url: receiver.url, columns: { storm_threshold: 2 } });
  await publishAlerts(7);
  await fixture.start();
  await until('two alerts arrive', () => receiver.requests.length === 2);
  await fixture.pool.query(`UPDATE alert_storm SET started_at = now() - interval '5 minutes'`);
  const summary = await until('the rest is told', () => receiver.requests[2]);
  expect(JSON.parse(summary.body)).toMatchObject({
    id: summary.headers['webhook-id'],
    type: 'incident-alert',
    data: { suppressed_count: 5, incident: { number: 6 } },
  });
});
