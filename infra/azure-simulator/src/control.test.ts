import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import type { SeenRequest } from './request-log.ts';
import { askToken, bearer, connection, control, incidentsPath, SHIPPED, send } from './test-client.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
let now = NOW;
let simulator: Simulator;
let opened: Simulator[] = [];
let headers: Record<string, string>;

async function open(): Promise<Simulator> {
  const started = await startSimulator({ seed: 'control', clock: { now: () => new Date(now) } });
  opened.push(started);
  return started;
}

beforeEach(async () => {
  now = NOW;
  simulator = await open();
  headers = await bearer(simulator);
});
afterEach(async () => {
  await Promise.all(opened.map((started) => started.close()));
  opened = [];
});

interface Page {
  readonly value: Resource[];
  readonly nextLink?: string;
}

const list = async (query: Record<string, string> = {}, given = headers, of = simulator) =>
  (await send(of, incidentsPath(connection(of), '', query), { headers: given })).body as Page;
const statusOf = async (below = '') =>
  (await send(simulator, incidentsPath(connection(simulator), below), { headers })).status;
const numbers = ({ value }: Page) => value.map(({ properties }) => properties['incidentNumber']);

test('a scenario that is run again is a new incident whose times lie relative to now', async () => {
  const { status, body } = await control(simulator, '/scenarios/password-spray/run', {});
  expect([status, body]).toEqual([201, { incident_number: SHIPPED + 1, incident_name: expect.any(String) }]);
  const { value } = await list({ $filter: `properties/incidentNumber eq ${SHIPPED + 1}` });
  expect(value[0]?.properties).toMatchObject({
    createdTimeUtc: '2026-03-01T11:20:00.0000000Z',
    lastModifiedTimeUtc: expect.stringMatching(/^2026-03-01T11:59:59\.999/),
    firstActivityTimeUtc: '2026-03-01T10:08:00.0000000Z',
  });
  const { body: listed } = await control(simulator, '/scenarios');
  expect(listed).toMatchObject({
    scenarios: expect.arrayContaining([
      { id: 'password-spray', title: expect.any(String), times_run: 2 },
      { id: 'malware-beaconing', title: expect.any(String), times_run: 1 },
    ]),
  });
});

test('a change shows in a new etag and a later modification, and in filters', async () => {
  const before = (await list({ $filter: 'properties/incidentNumber eq 1' })).value[0];
  now += 1_000;
  const { body } = await control(simulator, '/incidents/1', {
    severity: 'Low',
    status: 'Closed',
    title: 'Renamed',
  });
  const after = (await list({ $filter: "properties/status eq 'Closed'" })).value[0];
  expect(after).toEqual(body);
  expect(after?.properties).toMatchObject({
    severity: 'Low',
    title: 'Renamed',
    classification: 'Undetermined',
  });
  expect(after?.etag).not.toBe(before?.etag);
  expect(
    String(after?.properties['lastModifiedTimeUtc']) > String(before?.properties['lastModifiedTimeUtc']),
  ).toBe(true);
  expect((await list()).value[0]?.name).toBe(before?.name);
  const { body: reopened } = await control(simulator, '/incidents/1', { status: 'Active' });
  expect((reopened as Resource).properties['classification']).toBeUndefined();
});

test('the same seed generates the same incidents, another seed others', async () => {
  const other = await open();
  const generate = (at: Simulator, seed: number) =>
    control(at, '/generate', { incidents: 120, seed, severity: { High: 1, Low: 3 }, spread: 'PT2H' });
  expect(await generate(simulator, 7)).toEqual({
    status: 201,
    body: { incidents: 120, first_number: SHIPPED + 1, last_number: SHIPPED + 120 },
  });
  await generate(other, 7);
  // Its own key signs its tokens.
  const listOther = async () => list({}, await bearer(other), other);
  const page = await list();
  expect(await listOther()).toEqual({ value: page.value, nextLink: expect.any(String) });
  await generate(other, 8);
  const titles = ({ value }: Page) => value.map(({ properties }) => properties['title']);
  expect(titles(await listOther())).not.toEqual(titles(page));
});

test('generated incidents have the severities and the spread that were asked for, with alerts and entities', async () => {
  await control(simulator, '/reset', { only: [] });
  await control(simulator, '/generate', { incidents: 50, severity: { High: 1, Low: 3 }, spread: 'PT2H' });
  const { value } = await list();
  const severities = value.map(({ properties }) => properties['severity']);
  expect(new Set(severities)).toEqual(new Set(['High', 'Low']));
  expect(severities.filter((severity) => severity === 'Low').length).toBeGreaterThan(25);
  const created = value.map(({ properties }) => Date.parse(String(properties['createdTimeUtc'])));
  expect(Math.min(...created)).toBeGreaterThan(NOW - 7_300_000);
  expect(Math.min(...created)).toBeLessThan(NOW - 3_600_000);
  const modified = value.map(({ properties }) => properties['lastModifiedTimeUtc']);
  expect(new Set(modified).size).toBe(50);
  const path = incidentsPath(connection(simulator), `/${value[0]?.name}/entities`);
  const { body } = await send(simulator, path, { method: 'POST', headers });
  expect((body as { entities: unknown[] }).entities.length).toBeGreaterThan(0);
});

test('a reset leaves only what was asked for, and numbers and names go on', async () => {
  const before = await list();
  await control(simulator, '/scenarios/password-spray/run', {});
  expect((await control(simulator, '/reset', { only: ['malware-beaconing'] })).status).toBe(204);
  const after = await list();
  expect(numbers(after)).toEqual([SHIPPED + 2]);
  await control(simulator, '/reset', {});
  const whole = await list();
  expect(new Set(numbers(whole))).toEqual(
    new Set(Array.from({ length: SHIPPED }, (_, n) => SHIPPED + 3 + n)),
  );
  const names = [before, after, whole].flatMap(({ value }) => value.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});

test('a skip token from before a reset is stale', async () => {
  const { nextLink = '' } = await list({ $top: '1' });
  await control(simulator, '/reset', {});
  expect((await send(simulator, nextLink, { headers })).status).toBe(400);
});

test('a fault strikes as often as it was asked to, and only its target', async () => {
  await control(simulator, '/faults', { target: 'incidents', kind: '429', count: 2, ms: 7_000 });
  const struck = await send(simulator, incidentsPath(connection(simulator)), { headers });
  expect([struck.status, struck.headers['retry-after']]).toEqual([429, '7']);
  expect((await askToken(simulator)).status).toBe(200);
  expect([await statusOf(), await statusOf()]).toEqual([429, 200]);
});

test('a fault with a rate strikes the same requests with the same seed', async () => {
  const outcomes = async (seed: number): Promise<number[]> => {
    await control(simulator, '/faults', undefined, 'DELETE');
    await control(simulator, '/faults', { target: 'incidents', kind: '500', rate: 0.5, seed });
    const statuses: number[] = [];
    for (let i = 0; i < 16; i++) statuses.push(await statusOf());
    return statuses;
  };
  const first = await outcomes(1);
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await outcomes(1)).toEqual(first);
  expect(await outcomes(2)).not.toEqual(first);
});

test('a dropped request gets no answer', async () => {
  await control(simulator, '/faults', { target: 'incidents', kind: 'drop', count: 1 });
  await expect(statusOf()).rejects.toThrow(/socket hang up|ECONNRESET/);
});

test('latency delays the answer', async () => {
  await control(simulator, '/faults', { target: 'incidents', kind: 'latency', ms: 120, count: 1 });
  const start = performance.now();
  expect(await statusOf()).toBe(200);
  expect(performance.now() - start).toBeGreaterThanOrEqual(119);
});

test('an expired token is given out, and refused', async () => {
  await control(simulator, '/faults', { target: 'token', kind: 'expired', count: 1 });
  const expired = await bearer(simulator);
  const answer = await send(simulator, incidentsPath(connection(simulator)), { headers: expired });
  expect([answer.status, answer.body]).toMatchObject([
    401,
    { error: { code: 'ExpiredAuthenticationToken' } },
  ]);
});

test('an endless list leads to itself', async () => {
  await control(simulator, '/faults', { target: 'incidents', kind: 'endless' });
  const first = await list();
  const second = (await send(simulator, first.nextLink ?? '', { headers })).body as Page;
  expect(second.nextLink).toBe(first.nextLink);
});

test('requests are listed with what they asked, until they are deleted', async () => {
  await control(simulator, '/requests', undefined, 'DELETE');
  await askToken(simulator);
  await list({ $top: '1' });
  await statusOf('/none');
  const { body } = await control(simulator, '/requests');
  const { requests } = body as { requests: SeenRequest[] };
  expect(requests.map(({ method, target, scope, status }) => [method, target, scope, status])).toEqual([
    ['POST', 'token', 'https://management.azure.com/.default', 200],
    ['GET', 'incidents', 'https://management.azure.com', 200],
    ['GET', 'incident', 'https://management.azure.com', 404],
  ]);
  await control(simulator, '/requests', undefined, 'DELETE');
  expect((await control(simulator, '/requests')).body).toEqual({ requests: [], forgotten: 0 });
});

test('a workspace that was added is connected with its own fields', async () => {
  const { status, body } = await control(simulator, '/workspaces', { name: 'second' });
  expect(status).toBe(201);
  await control(simulator, '/generate?workspace=second', { incidents: 3 });
  const answer = await send(simulator, incidentsPath(body as ReturnType<typeof connection>), { headers });
  expect(numbers(answer.body as Page)).toEqual([3, 2, 1]);
  expect((await control(simulator, '/workspaces', { name: 'second' })).status).toBe(409);
  expect((await control(simulator, '/workspaces')).body).toMatchObject({
    workspaces: expect.arrayContaining([expect.objectContaining({ name: 'second' })]),
  });
});

test.each<[string, unknown, number, RegExp]>([
  ['/generate', '{', 400, /not JSON/],
  ['/generate', {}, 422, /^incidents: /],
  ['/generate', { incidents: 1, spread: 'a day' }, 422, /^spread: not an ISO duration/],
  ['/generate', { incidents: 1, severity: { High: 0 } }, 422, /^severity: at least one/],
  ['/generate', { incidents: 1, amount: 2 }, 422, /amount/],
  ['/generate?workspace=none', { incidents: 1 }, 404, /there is no workspace none/],
  ['/scenarios/none/run', {}, 404, /there is no scenario none/],
  ['/incidents/99', { status: 'New' }, 404, /has no incident 99/],
  ['/incidents/1', {}, 422, /nothing to change/],
  ['/incidents/1', { severity: 'Critical' }, 422, /^severity: /],
  ['/faults', { target: 'incidents', kind: 'fire' }, 422, /^kind: /],
  ['/faults', { target: 'alerts', kind: 'endless' }, 422, /^target: /],
  ['/reset', { only: ['none'] }, 404, /there is no scenario none/],
  ['/workspaces', { name: 'No Spaces' }, 422, /^name: /],
  ['/nothing', {}, 404, /there is no \/nothing/],
])('POST %s with %j is refused in a sentence', async (path, body, status, detail) => {
  const answer = await control(simulator, path, body);
  expect(answer.status).toBe(status);
  expect((answer.body as { detail: string }).detail).toMatch(detail);
});
