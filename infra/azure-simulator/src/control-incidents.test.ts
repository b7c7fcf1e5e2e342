import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

const clock = { now: () => new Date('2026-03-01T12:00:00Z') };
let dataDir: string;
let simulator: Simulator;
let headers: Record<string, string>;
const start = async (): Promise<void> => {
  simulator = await startSimulator({ clock, dataDir, isPopulated: false, isReadQuotaEnforced: false });
  headers = await bearer(simulator);
};
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'control-incidents-'));
  await start();
});
afterAll(async () => {
  await simulator.close();
  rmSync(dataDir, { recursive: true });
});

let first: number;
beforeEach(async () => {
  await control(simulator, '/reset', { only: [] });
  const { body } = await control(simulator, '/generate', { incidents: 3, seed: 11, severity: { Low: 1 } });
  first = (body as { first_number: number }).first_number;
});

const ask = async (method: string, below = '', query: Record<string, string> = {}): Promise<unknown> =>
  (await send(simulator, incidentsPath(connection(simulator), below, query), { method, headers })).body;
const incidents = async (): Promise<Resource[]> =>
  ((await ask('GET', '', { $orderby: 'properties/incidentNumber asc' })) as { value: Resource[] }).value;
const incident = async (number: number): Promise<Resource> =>
  (await incidents()).find(({ properties }) => properties['incidentNumber'] === number)!;
const namesOf = async (number: number, kind: 'alerts' | 'entities'): Promise<string[]> => {
  const body = (await ask('POST', `/${(await incident(number)).name}/${kind}`)) as Record<string, Resource[]>;
  return (body['value'] ?? body['entities'] ?? []).map(({ name }) => name);
};
const data = ({ properties }: Resource): JsonObject => properties['additionalData'] as JsonObject;
const post = (path: string, body: unknown = {}) => control(simulator, `/incidents/${path}`, body);
/** All that can be read of all incidents. */
const everything = async (): Promise<unknown[]> => {
  const seen: unknown[] = [];
  for (const one of await incidents()) {
    seen.push(one, await ask('POST', `/${one.name}/alerts`), await ask('POST', `/${one.name}/entities`));
    seen.push(await ask('GET', `/${one.name}/comments`), await ask('GET', `/${one.name}/relations`));
  }
  return seen;
};

test('an analyst changes every field that the portal lets one change', async () => {
  const changed = await post(String(first), {
    status: 'Closed',
    classification: 'FalsePositive',
    classificationReason: 'InaccurateData',
    classificationComment: 'A test',
    owner: 'jane@contoso.com',
    labels: ['vip', { labelName: 'auto', labelType: 'AutoAssigned' }],
    description: 'Nothing happened',
  });
  expect(changed.status).toBe(200);
  expect((await incident(first)).properties).toMatchObject({
    status: 'Closed',
    classification: 'FalsePositive',
    classificationReason: 'InaccurateData',
    classificationComment: 'A test',
    owner: { email: 'jane@contoso.com', userPrincipalName: 'jane@contoso.com', objectId: null },
    labels: [
      { labelName: 'vip', labelType: 'User' },
      { labelName: 'auto', labelType: 'AutoAssigned' },
    ],
    description: 'Nothing happened',
  });
  await post(String(first), { owner: null });
  expect((await incident(first)).properties['owner']).toMatchObject({ email: null, assignedTo: null });
});

test('a merge moves alerts, entities, tags and the higher severity to the target, and redirects the source', async () => {
  const [source, target] = [first, first + 1];
  await post(String(source), { severity: 'High', labels: ['from'], owner: 'jane@contoso.com' });
  await post(String(target), { labels: ['to'] });
  await post(`${source}/comments`, { message: 'Stays here' });
  const before = { source: await incident(source), target: await incident(target) };
  const alerts = [...(await namesOf(target, 'alerts')), ...(await namesOf(source, 'alerts'))];
  const entities = [...(await namesOf(target, 'entities')), ...(await namesOf(source, 'entities'))];
  const { status, body } = await post(`${source}/merge`, { into: target });
  expect([status, body]).toEqual([200, { source: await incident(source), target: await incident(target) }]);

  const closed = await incident(source);
  expect(closed.properties).toMatchObject({
    status: 'Closed',
    classification: 'Undetermined',
    severity: 'High',
    labels: [{ labelName: 'Redirected' }],
    owner: { email: 'jane@contoso.com' },
  });
  expect(data(closed)).toMatchObject({
    alertsCount: 0,
    commentsCount: 1,
    tactics: [],
    mergedIncidentNumber: String(target),
    mergedIncidentUrl: before.target.properties['incidentUrl'],
  });
  expect(await namesOf(source, 'alerts')).toEqual([]);
  expect(await namesOf(source, 'entities')).toEqual([]);

  const grown = await incident(target);
  expect(grown.properties).toMatchObject({
    status: 'New',
    severity: 'High',
    labels: [{ labelName: 'to' }, { labelName: 'from' }],
    owner: before.target.properties['owner'],
  });
  expect(data(grown)).toMatchObject({ alertsCount: alerts.length, commentsCount: 0 });
  const tactics = [...(data(before.target)['tactics'] as []), ...(data(before.source)['tactics'] as [])];
  expect(new Set(data(grown)['tactics'] as [])).toEqual(new Set(tactics));
  const last = [before.source, before.target].map((one) => String(one.properties['lastActivityTimeUtc']));
  expect(grown.properties['lastActivityTimeUtc']).toBe(last.toSorted().at(-1));
  expect(grown.etag).not.toBe(before.target.etag);
  expect(await namesOf(target, 'alerts')).toEqual(alerts);
  expect(new Set(await namesOf(target, 'entities'))).toEqual(new Set(entities));
});

test('a severity that is lower does not lower the target’s', async () => {
  await post(String(first + 1), { severity: 'High' });
  await post(`${first}/merge`, { into: first + 1 });
  expect((await incident(first + 1)).properties['severity']).toBe('High');
});

test('a merged incident that is reopened is released, and its alerts stay where they are', async () => {
  await post(`${first}/merge`, { into: first + 1 });
  const moved = await namesOf(first + 1, 'alerts');
  expect((await post(`${first}/reopen`)).status).toBe(200);
  const opened = await incident(first);
  expect(opened.properties).toMatchObject({ status: 'Active', labels: [] });
  expect(opened.properties).not.toHaveProperty('classification');
  expect(data(opened)).not.toHaveProperty('mergedIncidentNumber');
  expect(data(opened)).not.toHaveProperty('mergedIncidentUrl');
  expect(await namesOf(first + 1, 'alerts')).toEqual(moved);
});

test('merges follow one another: each names the incident that it went into', async () => {
  await post(`${first}/merge`, { into: first + 1 });
  await post(`${first + 1}/merge`, { into: first + 2 });
  expect(data(await incident(first))['mergedIncidentNumber']).toBe(String(first + 1));
  expect(data(await incident(first + 1))['mergedIncidentNumber']).toBe(String(first + 2));
  expect(await namesOf(first + 1, 'alerts')).toEqual([]);
});

test('an alert moves with its entities, and both incidents are modified', async () => {
  const before = [await incident(first), await incident(first + 1)];
  const [alert, ...rest] = await namesOf(first, 'alerts');
  const [entities, own] = [await namesOf(first, 'entities'), await namesOf(first + 1, 'entities')];
  expect((await post(`${first}/move-alert`, { alert: alert!.toUpperCase(), to: first + 1 })).status).toBe(
    200,
  );
  expect(await namesOf(first, 'alerts')).toEqual(rest);
  expect(await namesOf(first, 'entities')).toEqual(rest.length > 0 ? entities : []);
  expect(await namesOf(first + 1, 'alerts')).toContain(alert);
  expect(new Set(await namesOf(first + 1, 'entities'))).toEqual(new Set([...own, ...entities]));
  const after = [await incident(first), await incident(first + 1)];
  for (const [position, one] of after.entries()) {
    expect(one.etag).not.toBe(before[position]?.etag);
    expect(
      String(one.properties['lastModifiedTimeUtc']) >
        String(before[position]?.properties['lastModifiedTimeUtc']),
    ).toBe(true);
  }
});

test('a comment of an analyst is there to be read, and counted', async () => {
  const { status, body } = await post(`${first}/comments`, { message: 'I look into it' });
  expect([status, body]).toMatchObject([201, { properties: { message: 'I look into it' } }]);
  const seen = await ask('GET', `/${(await incident(first)).name}/comments`);
  expect(seen).toEqual({ value: [body] });
  expect(data(await incident(first))['commentsCount']).toBe(1);
});

test('a deleted incident is gone', async () => {
  const { name } = await incident(first);
  expect((await post(`${first}/delete`)).status).toBe(204);
  expect(await ask('GET', `/${name}`)).toMatchObject({ error: { code: 'NotFound' } });
  expect((await post(`${first}/delete`)).status).toBe(404);
});

test('after a restart all is as it was, whatever was done', async () => {
  await control(simulator, '/generate', { incidents: 4, seed: 12 });
  const [alert] = await namesOf(first + 1, 'alerts');
  const { name } = await incident(first + 2);
  const path = incidentsPath(connection(simulator), `/${name}`);
  const put = (url: string, properties: object) =>
    send(simulator, url, { method: 'PUT', headers, body: JSON.stringify({ properties }) });
  const statuses = [
    await post(String(first), { labels: ['a'], owner: 'a@contoso.com', severity: 'High' }),
    await post(`${first + 1}/move-alert`, { alert, to: first + 3 }),
    await post(`${first}/comments`, { message: 'c' }),
    await post(`${first}/merge`, { into: first + 3 }),
    await post(`${first + 1}/merge`, { into: first + 3 }),
    await post(`${first}/reopen`),
    await post(`${first + 4}/delete`),
    await put(path, { title: 'T', severity: 'Low', status: 'New' }),
    await put(path.replace('?', '/comments/mine?'), { message: 'm' }),
    await put(path.replace(name, 'a-new-one'), { title: 'N', severity: 'High', status: 'Active' }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 201, 200, 200, 200, 204, 200, 201, 201]);
  const before = await everything();
  await simulator.close();
  await start();
  expect(await everything()).toEqual(before);
  expect(before).toHaveLength(7 * 5);
});

test.each<[string, string, unknown, [number, RegExp]]>([
  ['a merge into nothing', '/merge', {}, [422, /^into: /]],
  [
    'a merge into an incident that is not there',
    '/merge',
    { into: 999_999 },
    [404, /has no incident 999999/],
  ],
  ['a merge into itself', '/merge', { into: 'itself' }, [422, /cannot be its own target/]],
  ['a merge by name', '/merge', { into: 'x' }, [422, /^into: /]],
  ['a reopening of an open incident', '/reopen', {}, [409, /is New, not Closed/]],
  ['a reopening with a wish', '/reopen', { status: 'New' }, [422, /status/]],
  [
    'a move of an alert that is not there',
    '/move-alert',
    { alert: 'x', to: 'other' },
    [404, /has no alert x/],
  ],
  ['a move without an alert', '/move-alert', { to: 'other' }, [422, /^alert: /]],
  ['a move to nowhere', '/move-alert', { alert: 'x', to: 999_999 }, [404, /has no incident/]],
  ['an empty comment', '/comments', { message: '' }, [422, /^message: /]],
  ['a long comment', '/comments', { message: 'x'.repeat(30_001) }, [422, /^message: /]],
  ['a classification of an open incident', '', { classification: 'TruePositive' }, [422, /only a closed/]],
  ['an owner that is none', '', { owner: 'jane' }, [422, /^owner: /]],
  ['an unknown field', '', { colour: 'red' }, [422, /colour/]],
])('%s is refused in a sentence, and nothing changes', async (_, below, body, [status, told]) => {
  const named = JSON.stringify(body)
    .replace('"itself"', String(first))
    .replace('"other"', String(first + 1));
  const before = await incidents();
  const answer = await post(`${first}${below}`, JSON.parse(named));
  expect(answer).toMatchObject({ status, body: { detail: expect.stringMatching(told) } });
  expect(await incidents()).toEqual(before);
});

test('a merged incident is merged no further, neither away nor into', async () => {
  await post(`${first}/merge`, { into: first + 1 });
  const detail = expect.stringMatching(new RegExp(`was merged into ${first + 1}`));
  expect(await post(`${first}/merge`, { into: first + 2 })).toMatchObject({ status: 409, body: { detail } });
  expect(await post(`${first + 2}/merge`, { into: first })).toMatchObject({ status: 409, body: { detail } });
});
