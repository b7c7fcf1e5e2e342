import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPool, type Pool } from '@socmate/database';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/v1/webhooks/endpoints';
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, siem_provider CASCADE');
});

const create = (only: object = {}) =>
  gateway.ask('POST', PATH, {
    body: { name: 'a', url: 'https://hooks.example.com/a', event_types: ['incident-alert'], ...only },
  });

const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

test.each([24, 32, 64])('a secret of %i bytes that the user gives is taken', async (bytes) => {
  expect((await create({ secret: `whsec_${base64(bytes)}` })).json.secret).toBe(`whsec_${base64(bytes)}`);
});

test.each([`whsec_${base64(23)}`, `whsec_${base64(65)}`, base64(32), 'whsec_not base64', 'x'])(
  'the secret %j is refused',
  async (secret) => {
    const { status, json } = await create({ secret });
    expect(status).toBe(422);
    expect(json.detail[0].loc).toEqual(['body', 'secret']);
  },
);

test.each([
  [{ name: ' ' }, ['body', 'name']],
  [{ event_types: [] }, ['body', 'event_types']],
  [{ event_types: ['nonsense'] }, ['body', 'event_types', 0]],
  [{ event_types: ['ping'] }, ['body', 'event_types', 0]],
  [{ severity_min: 'low' }, ['body', 'severity_min']],
  [{ alert_on: ['closed'] }, ['body', 'alert_on', 0]],
  [{ timeout_ms: 999 }, ['body', 'timeout_ms']],
  [{ timeout_ms: 30_001 }, ['body', 'timeout_ms']],
  [{ retry_schedule_s: [] }, ['body', 'retry_schedule_s']],
  [{ retry_schedule_s: [0] }, ['body', 'retry_schedule_s', 0]],
  [{ retry_schedule_s: [86_401] }, ['body', 'retry_schedule_s', 0]],
  [{ retry_schedule_s: Array.from({ length: 21 }, () => 5) }, ['body', 'retry_schedule_s']],
  [{ max_in_flight: 0 }, ['body', 'max_in_flight']],
  [{ providers: [] }, ['body', 'providers']],
  [{ providers: ['nowhere'] }, ['body', 'providers', 0]],
  [{ filters: { title: 'x' } }, ['body', 'filters', 'title']],
  [{ filters: { rules: [] } }, ['body', 'filters', 'rules']],
  [{ filters: { labels: [' '] } }, ['body', 'filters', 'labels', 0]],
  [{ mute_windows: [{ days: ['sat'], from: '24:00', until: '06:00' }] }, ['body', 'mute_windows', 0, 'from']],
  [{ storm_threshold: 0 }, ['body', 'storm_threshold']],
  [{ headers: { 'Webhook-Id': 'x' } }, ['body', 'headers', 'Webhook-Id']],
  [{ headers: { Host: 'x' } }, ['body', 'headers', 'Host']],
  [{ headers: { Authorization: 'x' } }, ['body', 'headers', 'Authorization']],
  [{ headers: { 'a b': 'x' } }, ['body', 'headers', 'a b']],
  [{ headers: { 'x-a': 'line\r\nbreak' } }, ['body', 'headers', 'x-a']],
  [{ headers: { 'x-a': '1', 'X-A': '2' } }, ['body', 'headers']],
  [{ auth: { type: 'digest' } }, ['body', 'auth', 'type']],
  [{ auth: { type: 'header', name: 'content-type', value: 'x' } }, ['body', 'auth', 'name']],
  [{ auth: { type: 'basic', username: 'a:b', password: 'x' } }, ['body', 'auth', 'username']],
  [{ auth: { type: 'basic', username: 'a' } }, ['body', 'auth', 'password']],
  [{ rate_limit_per_second: 0 }, ['body', 'rate_limit_per_second']],
  [{ rate_limit_per_second: 0.5 }, ['body', 'rate_limit_per_second']],
  [{ rate_limit_per_second: 1_001 }, ['body', 'rate_limit_per_second']],
])('an endpoint with %j is 422 and says where, on create and on change', async (only, loc) => {
  const { status, json } = await create(only);
  expect(status).toBe(422);
  expect(json.detail[0].loc).toEqual(loc);
  const changed = await gateway.ask('PATCH', `${PATH}/${(await create()).json.id}`, { body: only });
  expect(changed.status).toBe(422);
  expect(changed.json.detail[0].loc).toEqual(loc);
});

const WEEKLY = { days: ['mon'], from: '22:00', until: '06:00' };
const ONCE = { from: '2026-01-02T00:00:00Z', until: '2026-01-03T00:00:00Z' };

test.each([
  [{ headers: { 'Webhook-Id': 'x' } }, 'Webhook-Id', /sender itself sets/],
  [{ headers: { Authorization: 'x' } }, 'Authorization', /`auth`/],
  [{ mute_windows: [{ ...WEEKLY, until: '6' }] }, 'until', /time of day such as/],
  [{ mute_windows: [{ ...WEEKLY, timezone: 'Mars/Base' }] }, 'timezone', /such as Europe/],
  [{ mute_windows: [{ ...WEEKLY, days: ['monday'] }] }, 0, /"mon"/],
  [{ mute_windows: [{ ...ONCE, until: ONCE.from }] }, 'until', /after `from`/],
  [{ mute_windows: [{ ...ONCE, until: 'soon' }] }, 'until', /time such as/],
  [{ mute_windows: ['nights'] }, 0, /every week/],
])('what is wrong with %j is said where it is wrong', async (only, field, msg) => {
  const { json } = await create(only);
  expect(json.detail).toEqual([expect.objectContaining({ msg: expect.stringMatching(msg) })]);
  expect(json.detail[0].loc.at(-1)).toBe(field);
});

test.each([
  [{ ...WEEKLY, days: ['monday'], until: '25:00' }, [['days', 0], ['until']]],
  [{ ...WEEKLY, days: 'mon', from: '9:00' }, [['days'], ['from']]],
  [{ days: ['mon'], start: '22:00', end: '06:00' }, [['from'], ['until'], ['start'], ['end']]],
  [{ ...ONCE, days: ['mon'] }, [['from'], ['until']]],
  [{ from: '22:00', until: '06:00' }, [['days']]],
])('of the window %j, what is wrong is told as one of its kind', async (window, places) => {
  const { json } = await create({ mute_windows: [window] });
  const told = json.detail.map(({ loc }: { loc: unknown[] }) => loc.slice(3));
  expect(told).toEqual(places);
});
