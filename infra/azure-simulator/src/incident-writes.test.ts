import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { type Answer, bearer, connection, control, incidentsPath, send } from './test-client.ts';

let now = Date.parse('2026-03-01T12:00:00Z');
let simulator: Simulator;
let headers: Record<string, string>;
beforeAll(async () => {
  simulator = await startSimulator({ clock: { now: () => new Date(now) }, isPopulated: false });
  headers = await bearer(simulator);
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await control(simulator, '/reset', {});
  await control(simulator, '/generate', { incidents: 3, seed: 5 });
  now += 60_000;
});

const call = (method: string, below: string, body?: unknown, more: Record<string, string> = {}) =>
  send(simulator, incidentsPath(connection(simulator), below), {
    method,
    headers: { ...headers, 'content-type': 'application/json', ...more },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const get = async (below: string): Promise<Resource> => (await call('GET', below)).body as Resource;
const listed = async (query: Record<string, string> = {}): Promise<Resource[]> => {
  const answer = await send(simulator, incidentsPath(connection(simulator), '', query), { headers });
  return (answer.body as { value: Resource[] }).value;
};
/** Newest number first. */
const names = async (): Promise<string[]> =>
  (await listed({ $orderby: 'properties/incidentNumber desc' })).map(({ name }) => name);
const firstName = async (): Promise<string> => (await names())[0]!;
const refusal = ({ status, body }: Answer) => [status, (body as { error: { code: string } }).error.code];
const data = ({ properties }: Resource): JsonObject => properties['additionalData'] as JsonObject;
const least = { title: 'Renamed', severity: 'Low', status: 'Active' };

test('a PUT replaces all that a client may write, and nothing of what is Sentinel’s', async () => {
  const name = await firstName();
  const before = await get(`/${name}`);
  const labels = [{ labelName: 'vip', labelType: 'User' }];
  const owner = { email: 'jane@contoso.com', assignedTo: 'Jane' };
  const full = { ...least, description: 'Why', labels, owner, createdTimeUtc: '2001-01-01T00:00:00Z' };
  expect((await call('PUT', `/${name}`, { properties: full })).status).toBe(200);
  const filled = await get(`/${name}`);
  expect(filled.properties).toMatchObject({ ...full, createdTimeUtc: before.properties['createdTimeUtc'] });
  const answer = await call('PUT', `/${name}`, { etag: filled.etag, properties: least });
  const emptied = await get(`/${name}`);
  expect(answer.body).toEqual(emptied);
  expect(emptied.properties).toMatchObject({
    ...least,
    labels: [],
    owner: { email: null, assignedTo: null },
  });
  expect(emptied.properties).not.toHaveProperty('description');
  for (const kept of ['incidentNumber', 'createdTimeUtc', 'additionalData', 'incidentUrl', 'providerName']) {
    expect(emptied.properties[kept]).toEqual(before.properties[kept]);
  }
  expect(new Set([before.etag, filled.etag, emptied.etag]).size).toBe(3);
  const [newest] = await listed({ $orderby: 'properties/lastModifiedTimeUtc desc' });
  expect(newest).toEqual(emptied);
});

test('a stale etag is refused and changes nothing, in the body as a conflict, in If-Match as a precondition', async () => {
  const name = await firstName();
  const { etag: stale } = await get(`/${name}`);
  await call('PUT', `/${name}`, { etag: stale, properties: least });
  const current = await get(`/${name}`);
  const other = { ...least, title: 'Lost' };
  const inBody = await call('PUT', `/${name}`, { etag: stale, properties: other });
  expect(refusal(inBody)).toEqual([409, 'Conflict']);
  const inHeader = await call('PUT', `/${name}`, { properties: other }, { 'if-match': String(stale) });
  expect(refusal(inHeader)).toEqual([412, 'PreconditionFailed']);
  const mustBeNew = await call('PUT', `/${name}`, { properties: other }, { 'if-none-match': '*' });
  expect(refusal(mustBeNew)).toEqual([412, 'PreconditionFailed']);
  expect(await get(`/${name}`)).toEqual(current);
  const fresh = await call('PUT', `/${name}`, { properties: other }, { 'if-match': String(current.etag) });
  expect(fresh.status).toBe(200);
});

test('a PUT to a name that is not there creates an incident with a new number, unless it names an etag', async () => {
  const name = randomUUID();
  expect((await call('PUT', `/${name}`, { etag: '"1"', properties: least })).status).toBe(404);
  expect((await call('PUT', `/${name}`, { properties: least }, { 'if-match': '*' })).status).toBe(412);
  const numbers = (await listed()).map(({ properties }) => Number(properties['incidentNumber']));
  const created = await call('PUT', `/${name}`, { properties: least });
  expect(created.status).toBe(201);
  expect(await get(`/${name.toUpperCase()}`)).toEqual(created.body);
  const { properties } = created.body as Resource;
  expect(properties).toMatchObject({ ...least, incidentNumber: Math.max(...numbers) + 1, labels: [] });
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /could not be deserialized/],
  ['no properties', {}, /properties/],
  ['no title', { properties: { severity: 'Low', status: 'New' } }, /properties\.title/],
  ['a null title', { properties: { ...least, title: null } }, /properties\.title/],
  ['no severity', { properties: { title: 'T', status: 'New' } }, /properties\.severity/],
  ['no status', { properties: { title: 'T', severity: 'Low' } }, /properties\.status/],
  ['an unknown severity', { properties: { ...least, severity: 'Critical' } }, /properties\.severity/],
  ['a closing without classification', { properties: { ...least, status: 'Closed' } }, /classification/],
  ['an unknown classification', { properties: { ...least, classification: 'Maybe' } }, /classification/],
  ['labels without names', { properties: { ...least, labels: [{}] } }, /properties\.labels/],
])('a PUT with %s is refused with a 400 that says where', async (_, body, message) => {
  const name = await firstName();
  const before = await get(`/${name}`);
  const answer = await call('PUT', `/${name}`, body);
  expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringMatching(message) } } });
  expect(await get(`/${name}`)).toEqual(before);
});

test('a closed incident keeps its classification, an opened one has none', async () => {
  const name = await firstName();
  const closing = { classification: 'BenignPositive', classificationReason: 'SuspiciousButExpected' };
  await call('PUT', `/${name}`, { properties: { ...least, status: 'Closed', ...closing } });
  expect((await get(`/${name}`)).properties).toMatchObject({ status: 'Closed', ...closing });
  await call('PUT', `/${name}`, { properties: { ...least, ...closing } });
  expect((await get(`/${name}`)).properties).not.toHaveProperty('classification');
});

test('a comment is created once under its name, counted, and signed by the application', async () => {
  const name = await firstName();
  const before = await get(`/${name}`);
  const path = `/${name}/comments/${randomUUID()}`;
  expect((await call('GET', path)).status).toBe(404);
  const first = await call('PUT', path, { properties: { message: 'Seen' } });
  expect(first.status).toBe(201);
  const commented = await get(`/${name}`);
  expect(data(commented)['commentsCount']).toBe(1);
  expect(commented.etag).not.toBe(before.etag);
  expect(String(commented.properties['lastModifiedTimeUtc'])).toBe('2026-03-01T12:' + instantRest());
  const second = await call('PUT', path, { properties: { message: 'Seen twice' } });
  expect(second.status).toBe(200);
  expect(data(await get(`/${name}`))['commentsCount']).toBe(1);
  const comment = await get(path);
  expect(comment).toEqual(second.body);
  expect(comment.properties).toMatchObject({
    message: 'Seen twice',
    createdTimeUtc: (first.body as Resource).properties['createdTimeUtc'],
    author: { name: 'socmate' },
  });
  expect((await call('GET', `/${name}/comments`)).body).toEqual({ value: [comment] });
  expect((await call('DELETE', path)).status).toBe(200);
  expect((await call('DELETE', path)).status).toBe(204);
  expect(data(await get(`/${name}`))['commentsCount']).toBe(0);
});

const instantRest = (): string => `${new Date(now).toISOString().slice(14, 23)}0000Z`;

test('a comment has at most 30,000 characters, and an incident at most 100 comments', async () => {
  const [name] = (await listed()).map((incident) => incident.name);
  const comment = (message: unknown, id: string = randomUUID()) =>
    call('PUT', `/${name}/comments/${id}`, { properties: { message } });
  expect((await comment('x'.repeat(30_001))).status).toBe(400);
  expect((await comment('')).status).toBe(400);
  expect((await comment(7)).status).toBe(400);
  expect((await comment('x'.repeat(30_000), 'last')).status).toBe(201);
  const number = (await get(`/${name}`)).properties['incidentNumber'];
  for (let made = 1; made < 100; made++) {
    await control(simulator, `/incidents/${String(number)}/comments`, { message: 'more' });
  }
  expect(refusal(await comment('one too many'))).toEqual([400, 'BadRequest']);
  expect((await comment('another text', 'last')).status).toBe(200);
  expect((await control(simulator, `/incidents/${String(number)}/comments`, { message: 'no' })).status).toBe(
    409,
  );
});

test('nothing is written to an incident that is not there', async () => {
  const gone = `/${randomUUID()}`;
  expect((await call('PUT', `${gone}/comments/c`, { properties: { message: 'x' } })).status).toBe(404);
  expect((await call('PUT', `${gone}/relations/r`, { properties: { relatedResourceId: 'x' } })).status).toBe(
    404,
  );
  expect((await call('GET', `${gone}/comments`)).status).toBe(404);
  expect((await call('GET', `${gone}/relations`)).status).toBe(404);
  expect((await call('DELETE', gone)).status).toBe(204);
});

test('a deleted incident is nowhere, and its number is not given again', async () => {
  const [name, ...others] = await names();
  const number = (await get(`/${name}`)).properties['incidentNumber'];
  expect((await call('DELETE', `/${name}`)).status).toBe(200);
  expect((await call('GET', `/${name}`)).status).toBe(404);
  expect((await call('POST', `/${name}/alerts`)).status).toBe(404);
  expect(await names()).toEqual(others);
  const created = (await call('PUT', `/${name}`, { properties: least })).body as Resource;
  expect(created.properties['incidentNumber']).toBe(Number(number) + 1);
});

test('an alert that is related to another incident moves there, with what each tells of its alerts', async () => {
  const [to, from] = await names();
  const relations = async (name: string | undefined): Promise<Resource[]> =>
    ((await call('GET', `/${name}/relations`)).body as { value: Resource[] }).value;
  const [relation] = await relations(from);
  const [before, own] = [await relations(from), await relations(to)];
  expect(await get(`/${from}/relations/${relation!.name}`)).toEqual(relation);
  expect(relation!.properties['relatedResourceKind']).toBe('SecurityAlert');
  const { relatedResourceId, relatedResourceName } = relation!.properties;
  const moved = await call('PUT', `/${to}/relations/mine`, { properties: { relatedResourceId } });
  expect(moved).toMatchObject({ status: 201, body: { name: 'mine', properties: { relatedResourceName } } });
  expect(await relations(from)).toHaveLength(before.length - 1);
  expect(await relations(to)).toHaveLength(own.length + 1);
  expect(data(await get(`/${from}`))['alertsCount']).toBe(before.length - 1);
  expect(data(await get(`/${to}`))['alertsCount']).toBe(own.length + 1);
  const alerts = (await call('POST', `/${to}/alerts`)).body as { value: Resource[] };
  expect(alerts.value.map(({ name }) => name)).toContain(relatedResourceName);
  const again = await call('PUT', `/${to}/relations/mine`, { properties: { relatedResourceId } });
  expect(again.status).toBe(200);
  expect(await relations(to)).toHaveLength(own.length + 1);
});

test.each(['', 'nonsense', '/subscriptions/x/providers/Microsoft.SecurityInsights/entities/y'])(
  'a relation to %j, which is no alert of the workspace, is refused',
  async (relatedResourceId) => {
    const answer = await call('PUT', `/${await firstName()}/relations/r`, {
      properties: { relatedResourceId },
    });
    expect(refusal(answer)).toEqual([400, 'BadRequest']);
  },
);

test('75 writes in five minutes are all that a subscription gets, whatever is written', async () => {
  const name = await firstName();
  const statuses: number[] = [];
  for (let i = 0; i < 74; i++) {
    statuses.push((await call('PUT', `/${name}/comments/same`, { properties: { message: 'x' } })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([200, 201]));
  expect((await call('PUT', `/${name}`, { properties: least })).status).toBe(200);
  now += 60_000;
  const refused = await call('DELETE', `/${name}`);
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '240']);
  expect((await call('GET', `/${name}`)).status).toBe(200);
  now += 240_000;
  expect((await call('DELETE', `/${name}`)).status).toBe(200);
});

test('who may only read writes nothing', async () => {
  const { body } = await control(simulator, '/applications');
  const { applications } = body as { applications: Record<string, string>[] };
  const reader = applications.find((application) => application['name'] === 'reader')!;
  const own = await bearer(simulator, {
    client_id: String(reader['client_id']),
    client_secret: String(reader['client_secret']),
  });
  const name = await firstName();
  const answers = await Promise.all([
    call('PUT', `/${name}`, { properties: least }, own),
    call('DELETE', `/${name}`, undefined, own),
    call('PUT', `/${name}/comments/c`, { properties: { message: 'x' } }, own),
    call('PUT', `/${name}/relations/r`, { properties: { relatedResourceId: 'x' } }, own),
  ]);
  expect(answers.map(refusal)).toEqual(Array.from({ length: 4 }, () => [403, 'AuthorizationFailed']));
  expect((await call('GET', `/${name}/comments`, undefined, own)).status).toBe(200);
});
