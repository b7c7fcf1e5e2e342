import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Scope } from '@socmate/contracts';
import { createPool, type Pool } from '@socmate/database';
import type { Route } from '@socmate/http';
import { aDelivery } from '@socmate/testing';
import { type Call, type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';
import { allRoutes } from './routes/all-routes.ts';
import type { RouteDeps } from './routes/route-deps.ts';

const ROOT = '/api/v1/webhooks';

type Kind = 'endpoint' | 'delivery' | 'event' | 'recovery';

/** What there is to know of a route beside its declaration. */
interface Row {
  /** Which of the ids of the world its path takes. */
  readonly id?: Kind;
  /** What it answers well. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly badBodies?: readonly unknown[];
  readonly badQueries?: readonly string[];
  /** What makes it 409, beside an `Idempotency-Key` that was used for something else. */
  readonly conflicts?: readonly (() => Promise<unknown>)[];
}

const valid = { name: 'soar', url: 'https://hooks.example.com/a', event_types: ['incident-alert'] };
const page = ['limit=0', 'limit=101', 'offset=-1', 'cursor=nonsense', 'limit=many'];
const windowed = [...page, 'event_type=nonsense', 'timespan=soon'];
const ENDPOINT = `${ROOT}/endpoints/{id}`;
const sql = (text: string) => (): Promise<unknown> => pool.query(text);
const disabled = sql('UPDATE webhook_endpoint SET enabled = false');

const rows: Readonly<Record<string, Row>> = {
  [`get ${ROOT}/endpoints`]: { badQueries: page },
  [`post ${ROOT}/endpoints`]: {
    body: valid,
    badBodies: [
      {},
      { ...valid, name: '' },
      { ...valid, url: 'http://10.0.0.1/' },
      { ...valid, event_types: ['nonsense'] },
      { ...valid, event_types: [] },
      { ...valid, secret: 'short' },
      { ...valid, timeout_ms: 999 },
      { ...valid, headers: { host: 'x' } },
      { ...valid, auth: { type: 'magic' } },
    ],
  },
  [`get ${ENDPOINT}`]: { id: 'endpoint' },
  [`patch ${ENDPOINT}`]: {
    id: 'endpoint',
    body: { name: 'renamed' },
    badBodies: [{ name: null }, { url: 'ftp://a' }, { secret: 'whsec_x' }, { max_in_flight: 101 }],
  },
  [`delete ${ENDPOINT}`]: { id: 'endpoint' },
  [`post ${ENDPOINT}/enable`]: { id: 'endpoint' },
  [`post ${ENDPOINT}/disable`]: { id: 'endpoint' },
  [`post ${ENDPOINT}/rotate-secret`]: {
    id: 'endpoint',
    body: { overlap_hours: 1 },
    badBodies: [{ overlap_hours: -1 }, { overlap_hours: 169 }, { secret: 'whsec_c2hvcnQ=' }],
  },
  [`post ${ENDPOINT}/test`]: { id: 'endpoint', conflicts: [disabled] },
  [`get ${ENDPOINT}/held-back`]: { id: 'endpoint', badQueries: page },
  [`get ${ENDPOINT}/stats`]: { id: 'endpoint', badQueries: ['timespan=soon', 'timespan=P1D/P2D'] },
  [`post ${ENDPOINT}/recover`]: {
    id: 'endpoint',
    body: { missed: true },
    badBodies: [{}, { since: 'yesterday' }, { status: 'pending' }, { missed: true, status: 'dead' }],
    conflicts: [disabled, () => recover('endpoint')],
  },
  [`get ${ROOT}/event-types`]: {},
  [`get ${ROOT}/events`]: { badQueries: windowed },
  [`get ${ROOT}/events/{id}`]: { id: 'event' },
  [`get ${ROOT}/deliveries`]: { badQueries: [...windowed, 'status=lost', 'endpoint_id='] },
  [`get ${ROOT}/deliveries/{id}`]: { id: 'delivery' },
  [`post ${ROOT}/deliveries/{id}/retry`]: {
    id: 'delivery',
    conflicts: [
      disabled,
      sql('UPDATE webhook_endpoint SET deleted_at = now()'),
      sql(`UPDATE delivery SET status = 'cancelled'`),
      sql(`UPDATE delivery SET status = 'pending', lease_owner = 'wrk_1'`),
    ],
  },
  [`get ${ROOT}/recoveries/{id}`]: { id: 'recovery' },
};

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const routes = allRoutes({} as RouteDeps).filter(({ path }) => path.startsWith(`${ROOT}/`));
const named = routes.map((route) => [nameOf(route), route] as const);

let gateway: GatewayUnderTest;
let pool: Pool;
let ids: Record<Kind | 'other', string>;
/** By the scope that each lacks: it has all others. */
const lacking = new Map<string, string>();

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  for (const scope of new Set(routes.map((route) => String(route.scope)))) {
    const others = Scope.options.filter((one) => one !== scope && one !== 'admin');
    lacking.set(scope, (await gateway.keyWith(others, { rate_limit_per_minute: 10_000 })).apiKey);
  }
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
});
beforeEach(async () => {
  await pool.query('TRUNCATE webhook_endpoint, event, delivery_attempt, idempotency_key CASCADE');
  const create = async () => (await gateway.ask('POST', `${ROOT}/endpoints`, { body: valid })).json.id;
  const endpoint = await create();
  const ended = { status: 'dead', attempts_count: 1, completed_at: new Date() };
  const { id: delivery, event_id: event } = await aDelivery(pool, { endpoint_id: endpoint, ...ended });
  ids = { endpoint, other: await create(), delivery, event, recovery: '' };
  ids.recovery = (await recover('other')).json.id;
});

const recover = (endpoint: 'endpoint' | 'other') =>
  gateway.ask('POST', `${ROOT}/endpoints/${ids[endpoint]}/recover`, { body: { missed: true } });

type Asking = Call & { readonly id?: string | undefined; readonly query?: string };

function ask({ method, path }: Route, { id, query = '', ...call }: Asking) {
  const filled = path.replace('{id}', id ?? 'unused');
  return gateway.ask(method.toUpperCase(), `${filled}?${query}`, call);
}

test('there is a row for every route, and none for what is no route', () => {
  expect(Object.keys(rows).toSorted()).toEqual(routes.map(nameOf).toSorted());
});

test.each(named)('%s: 401, 403, 404, then 2xx', async (name, route) => {
  const { id: kind, body } = rows[name] as Row;
  const good = { id: kind && ids[kind], body };
  for (const key of [null, 'sk_live_nobody_s3cret'])
    expect((await ask(route, { ...good, key })).status).toBe(401);
  const key = lacking.get(String(route.scope)) ?? null;
  expect((await ask(route, { ...good, key })).status).toBe(403);
  expect(kind !== undefined).toBe(route.params !== undefined);
  for (const id of kind ? [`${good.id}0`, 'unknown'] : [])
    expect((await ask(route, { ...good, id })).status).toBe(404);
  const { status } = await ask(route, good);
  expect(status).toBe(route.status ?? (route.response ? 200 : 204));
});

test.each(named)(
  '%s: 422 where the input is not valid, 400 and 415 where it is none',
  async (name, route) => {
    const { id: kind, body, badBodies = [], badQueries = [] } = rows[name] as Row;
    const good = { id: kind && ids[kind], body };
    const statusOf = async (asking: Asking) => (await ask(route, { ...good, ...asking })).status;
    for (const query of ['nope=1', ...badQueries])
      expect([query, await statusOf({ query })]).toEqual([query, 422]);
    for (const id of kind ? ['a'.repeat(65), '%00'] : [])
      expect([id, await statusOf({ id })]).toEqual([id, 422]);
    expect(body !== undefined).toBe(route.body !== undefined);
    if (!body) return;
    for (const bad of [[], 'null', '"text"', { ...body, nope: 1 }, ...badBodies])
      expect([bad, await statusOf({ body: bad })]).toEqual([bad, 422]);
    expect(await statusOf({ body: '{' })).toBe(400);
    expect(await statusOf({ headers: { 'content-type': 'text/plain' } })).toBe(415);
  },
);

const conflicting = named.filter(([, route]) => route.idempotent || route.alsoAnswers?.[409]);

test.each(conflicting)('%s: 409', async (name, route) => {
  const { id: kind, body, conflicts = [] } = rows[name] as Row;
  const good = { id: kind && ids[kind], body };
  for (const bringAbout of conflicts) {
    await sql('UPDATE webhook_endpoint SET enabled = true, deleted_at = NULL')();
    await bringAbout();
    expect((await ask(route, good)).status).toBe(409);
  }
  if (!route.idempotent) return;
  await sql('UPDATE webhook_endpoint SET enabled = true; DELETE FROM recovery')();
  const headers = { 'idempotency-key': 'once' };
  const first = await ask(route, { ...good, headers });
  expect(first.status).toBe(route.status ?? 200);
  expect(await ask(route, { ...good, headers })).toMatchObject({ status: first.status, json: first.json });
  const another = kind ? { ...good, id: ids.other } : { body: { ...body, name: 'another' } };
  expect((await ask(route, { ...another, headers })).status).toBe(409);
});

test('what a row says of conflicts is what its route documents', () => {
  const withConflicts = Object.entries(rows).filter(([, { conflicts }]) => conflicts);
  expect(conflicting.map(([name]) => name)).toEqual(
    expect.arrayContaining(withConflicts.map(([name]) => name)),
  );
});
