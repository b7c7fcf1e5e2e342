import { beforeEach, expect, test } from '@jest/globals';
import type { EventTraits } from '@socmate/contracts';
import { createIds } from '@socmate/runtime';
import { anEndpoint, aProvider } from '@socmate/testing';
import { type NewEvent, publishEvents, publishPing } from './event-publishing.ts';
import { transaction } from './pool.ts';
import { openTestPool } from './pool-fixture.ts';

const now = new Date('2026-11-22T14:00:00.000Z');
const making = { ids: createIds(), clock: { now: () => now } };

const pool = await openTestPool(4);
let caused = 0;
beforeEach(() => pool.query('TRUNCATE siem_provider, webhook_endpoint, event CASCADE'));

type Alert = Extract<EventTraits, { type: 'incident-alert' }>;

const anAlert = (only: Partial<Alert> = {}): Alert => ({
  type: 'incident-alert',
  reason: 'new',
  severity: 'medium',
  previousSeverity: null,
  provider: 'prod',
  incident: { title: 'Password spray', rules: [], products: [], labels: [], tactics: [] },
  ...only,
});

const anEvent = (traits: EventTraits = anAlert(), only: Partial<NewEvent> = {}): NewEvent => {
  caused += 1;
  return {
    type: traits.type,
    causeKey: `cause-${caused}`,
    providerId: null,
    traits,
    data: { n: caused },
    ...only,
  };
};

const publish = (events: NewEvent[], traceparent?: string): Promise<string[]> =>
  transaction(pool, (db) => publishEvents(db, making, events, traceparent));

const rowsOf = async (table: string): Promise<Record<string, unknown>[]> =>
  (await pool.query(`SELECT * FROM ${table} ORDER BY id`)).rows;

const completed: EventTraits = { type: 'investigation-completed', trigger: 'schedule', provider: 'prod' };
const everyType = ['incident-alert', 'investigation-completed', 'investigation-failed', 'schedule-disabled'];

test.each<[string, Record<string, unknown>, EventTraits, boolean]>([
  ['its type', {}, anAlert(), true],
  ['another type', { event_types: ['schedule-disabled'] }, anAlert(), false],
  ['medium without a minimum', { severity_min: null }, anAlert({ severity: 'medium' }), true],
  ['below its minimum', { severity_min: 'high' }, anAlert({ severity: 'medium' }), false],
  ['at its minimum', { severity_min: 'high' }, anAlert({ severity: 'high' }), true],
  ['above its minimum', { severity_min: 'high' }, anAlert({ severity: 'critical' }), true],
  [
    'a rise it did not ask for',
    {},
    anAlert({ reason: 'raised', severity: 'high', previousSeverity: 'medium' }),
    false,
  ],
  [
    'a rise it asked for',
    { alert_on: ['new', 'raised'] },
    anAlert({ reason: 'raised', severity: 'high', previousSeverity: 'medium' }),
    true,
  ],
  ['its workspace', { providers: ['prod', 'test'] }, anAlert(), true],
  ['another workspace', { providers: ['test'] }, anAlert(), false],
  ['no workspace at all', { providers: [] }, anAlert(), false],
  ['a schedule’s investigation', { event_types: everyType }, completed, true],
  ['an API’s investigation', { event_types: everyType }, { ...completed, trigger: 'api' }, false],
  [
    'an API’s investigation it asked for',
    { event_types: everyType, triggers: ['schedule', 'api'] },
    { ...completed, trigger: 'api' },
    true,
  ],
  ['a disabled schedule', { event_types: everyType }, { type: 'schedule-disabled', provider: 'prod' }, true],
])('an endpoint and %s: %j', async (_name, columns, traits, isWanted) => {
  const { id } = await anEndpoint(pool, columns);
  expect(await publish([anEvent(traits)])).toEqual(isWanted ? [id] : []);
  expect(await rowsOf('delivery')).toHaveLength(isWanted ? 1 : 0);
  expect(await rowsOf('event')).toHaveLength(1);
});

test('disabled and deleted endpoints get nothing', async () => {
  await anEndpoint(pool, { enabled: false });
  await anEndpoint(pool, { deleted_at: now });
  expect(await publish([anEvent()])).toEqual([]);
  expect(await rowsOf('delivery')).toEqual([]);
});

test('an event is stored as it will be sent, with its trace and one due delivery per endpoint', async () => {
  const endpoints = [await anEndpoint(pool), await anEndpoint(pool)].map(({ id }) => id);
  const { id: providerId } = await aProvider(pool);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const woken = await publish(
    [anEvent(anAlert(), { causeKey: 'x', providerId, data: { a: 'ü' } })],
    traceparent,
  );
  expect(woken.toSorted()).toEqual(endpoints.toSorted());
  const [event] = await rowsOf('event');
  expect(event).toMatchObject({
    type: 'incident-alert',
    cause_key: 'x',
    provider_id: providerId,
    traceparent,
  });
  expect(JSON.parse((event!['body'] as Buffer).toString())).toEqual({
    id: event!['id'],
    type: 'incident-alert',
    timestamp: '2026-11-22T14:00:00.000Z',
    data: { a: 'ü' },
  });
  const deliveries = await rowsOf('delivery');
  expect(deliveries.map((row) => String(row['endpoint_id'])).toSorted()).toEqual(endpoints.toSorted());
  for (const delivery of deliveries)
    expect(delivery).toMatchObject({
      event_id: event!['id'],
      status: 'pending',
      attempts_count: 0,
      lease_owner: null,
    });
});

test('each event of many goes to those it matches, and each endpoint is woken once', async () => {
  const all = await anEndpoint(pool);
  const high = await anEndpoint(pool, { severity_min: 'high' });
  const events = [
    anEvent(anAlert({ severity: 'high' })),
    anEvent(),
    anEvent(anAlert({ severity: 'critical' })),
  ];
  expect((await publish(events)).toSorted()).toEqual([all.id, high.id].toSorted());
  const { rows } = await pool.query('SELECT endpoint_id, count(*) AS n FROM delivery GROUP BY 1');
  expect(rows).toHaveLength(2);
  expect(rows).toEqual(
    expect.arrayContaining([
      { endpoint_id: all.id, n: 3 },
      { endpoint_id: high.id, n: 2 },
    ]),
  );
});

test('the same cause is published once: later, in one call, or in two transactions at once', async () => {
  const { id } = await anEndpoint(pool);
  const twice = [anEvent(anAlert(), { causeKey: 'same' }), anEvent(anAlert(), { causeKey: 'same' })];
  expect(await publish(twice)).toEqual([id]);
  expect(await publish([twice[0]!])).toEqual([]);
  expect(await rowsOf('event')).toHaveLength(1);
  expect(await rowsOf('delivery')).toHaveLength(1);
  const racing = await Promise.all(
    Array.from({ length: 4 }, () => publish([anEvent(anAlert(), { causeKey: 'race' })])),
  );
  expect(racing.flat()).toEqual([id]);
  expect(await rowsOf('delivery')).toHaveLength(2);
});

test('a cause that was published before holds up none of its neighbours', async () => {
  await anEndpoint(pool);
  await publish([anEvent(anAlert(), { causeKey: 'old' })]);
  await publish([anEvent(), anEvent(anAlert(), { causeKey: 'old' }), anEvent()]);
  expect(await rowsOf('event')).toHaveLength(3);
  expect(await rowsOf('delivery')).toHaveLength(3);
});

test('events go with their cause: where its transaction is rolled back, nothing was published', async () => {
  await anEndpoint(pool);
  const event = anEvent();
  const cause = transaction(pool, async (db) => {
    await publishEvents(db, making, [event], undefined);
    throw new Error('the cause failed');
  });
  await expect(cause).rejects.toThrow('the cause failed');
  expect([await rowsOf('event'), await rowsOf('delivery')]).toEqual([[], []]);
  expect(await publish([event])).toHaveLength(1);
});

test('no event asks nothing of the database', async () => {
  const queries: unknown[] = [];
  const db = { query: (...given: unknown[]) => queries.push(given) } as never;
  expect(await publishEvents(db, making, [], undefined)).toEqual([]);
  expect(queries).toEqual([]);
});

test('a ping goes to its endpoint alone, whatever that subscribes to, as often as it is asked for', async () => {
  const { id } = await anEndpoint(pool, { event_types: ['schedule-disabled'], severity_min: 'critical' });
  await anEndpoint(pool);
  const pings = await Promise.all(
    [1, 2].map(() => transaction(pool, (db) => publishPing(db, making, id, undefined))),
  );
  expect(await rowsOf('delivery')).toMatchObject(
    pings
      .map(({ eventId, deliveryId }) => ({ id: deliveryId, event_id: eventId, endpoint_id: id }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  );
  expect(await rowsOf('event')).toMatchObject([{ type: 'ping' }, { type: 'ping' }]);
});
