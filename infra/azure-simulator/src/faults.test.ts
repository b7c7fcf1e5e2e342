import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

let simulator: Simulator;
let headers: Record<string, string>;
beforeAll(async () => {
  simulator = await startSimulator({ seed: 'faults', isPopulated: false, isReadQuotaEnforced: false });
  headers = await bearer(simulator);
  await control(simulator, '/generate', { incidents: 7 });
});
afterAll(() => simulator.close());
afterEach(async () => {
  await control(simulator, '/faults', undefined, 'DELETE');
});

interface Page {
  readonly value: Resource[];
  readonly nextLink?: string;
}

const at = () => connection(simulator);
const page = async (query: Record<string, string> = {}) =>
  (await send(simulator, incidentsPath(at(), '', query), { headers })).body as Page;
const follow = async ({ nextLink = '' }: Page) => (await send(simulator, nextLink, { headers })).body as Page;
const fault = (body: object) => control(simulator, '/faults', body);
const details = async (what: 'alerts' | 'entities') => {
  const [incident] = (await page({ $top: '1' })).value;
  return send(simulator, incidentsPath(at(), `/${incident?.name}/${what}`), { method: 'POST', headers });
};

test('an endless list of different links brings the same page again and again', async () => {
  await fault({ target: 'incidents', kind: 'endless', links: 'different' });
  const first = await page();
  const second = await follow(first);
  const third = await follow(second);
  expect(new Set([first, second, third].map(({ nextLink }) => nextLink)).size).toBe(3);
  expect(third.value).toEqual(first.value);
});

test('a foreign link leads where it was told to', async () => {
  await fault({ target: 'incidents', kind: 'foreign', count: 1 });
  expect((await page()).nextLink).toBe('https://elsewhere.invalid/incidents');
  await fault({ target: 'incidents', kind: 'foreign', url: 'https://127.0.0.1:9/x', count: 1 });
  expect((await page()).nextLink).toBe('https://127.0.0.1:9/x');
});

test('a partial list is shorter than asked for, and its links bring the rest once', async () => {
  await fault({ target: 'incidents', kind: 'partial' });
  const seen: string[][] = [];
  let next: Page | undefined = await page({ $top: '5' });
  for (; next; next = next.nextLink ? await follow(next) : undefined) {
    seen.push(next.value.map(({ name }) => name));
  }
  expect(seen.map(({ length }) => length)).toEqual([3, 3, 1]);
  expect(new Set(seen.flat()).size).toBe(7);
});

test('a partial answer that is no list ends in its middle', async () => {
  await fault({ target: 'entities', kind: 'partial', count: 1 });
  await expect(details('entities')).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  expect((await details('entities')).status).toBe(200);
});

test('late alerts and entities are not there while the fault strikes, and then they are', async () => {
  await fault({ target: 'alerts', kind: 'late', count: 1 });
  await fault({ target: 'entities', kind: 'late', count: 1 });
  expect((await details('alerts')).body).toEqual({ value: [] });
  expect((await details('entities')).body).toEqual({ entities: [], metaData: [] });
  expect((await details('alerts')).body).not.toEqual({ value: [] });
  expect((await details('entities')).body).not.toMatchObject({ metaData: [] });
});

test('garbage is no JSON, or JSON of another shape, and says 200 all the same', async () => {
  await fault({ target: 'incidents', kind: 'garbage', count: 1 });
  await expect(page()).rejects.toThrow(/not valid JSON/);
  await fault({ target: 'incidents', kind: 'garbage', shape: 'json', count: 1 });
  expect(await page()).toEqual(['of', { another: 'shape' }]);
});

test('a fault of one method leaves the others alone', async () => {
  await fault({ target: 'incidents', kind: '500', method: 'PUT' });
  expect((await page()).value).toHaveLength(7);
});

test('an answer that fails after the work was done leaves the work done', async () => {
  await control(simulator, '/requests', undefined, 'DELETE');
  const limit = { target: 'token', kind: 'drop', after: true, count: 1 };
  await fault(limit);
  await expect(bearer(simulator)).rejects.toThrow(/hang up|ECONNRESET/);
  await fault({ ...limit, kind: '500' });
  expect(await bearer(simulator)).toEqual({ authorization: 'Bearer undefined' });
  await fault({ ...limit, kind: 'latency', ms: 60 });
  const start = performance.now();
  expect(await bearer(simulator)).not.toEqual({ authorization: 'Bearer undefined' });
  expect(performance.now() - start).toBeGreaterThanOrEqual(59);
});

test('a comment whose answer is lost was stored once, and can be looked up by its name', async () => {
  const [incident] = (await page({ $top: '1' })).value;
  const path = incidentsPath(at(), `/${incident?.name}/comments/5d3c1a52-8f0e-4c5b-9a3b-0d6f4b1f7a10`);
  const body = JSON.stringify({ properties: { message: 'seen' } });
  const put = () =>
    send(simulator, path, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
  await fault({ target: 'comments', kind: 'drop', method: 'PUT', count: 1 });
  await expect(put()).rejects.toThrow(/hang up|ECONNRESET/);
  expect((await send(simulator, path, { headers })).status).toBe(404);
  await fault({ target: 'comments', kind: 'drop', method: 'PUT', after: true, count: 1 });
  await expect(put()).rejects.toThrow(/hang up|ECONNRESET/);
  expect(await send(simulator, path, { headers })).toMatchObject({
    status: 200,
    body: { properties: { message: 'seen' } },
  });
});

test('a list of comments may lead elsewhere, too', async () => {
  const [incident] = (await page({ $top: '1' })).value;
  await fault({ target: 'comments', kind: 'foreign' });
  const listed = await send(simulator, incidentsPath(at(), `/${incident?.name}/comments`), { headers });
  expect(listed.body).toMatchObject({ nextLink: 'https://elsewhere.invalid/incidents' });
});

test.each<[object, RegExp]>([
  [
    { target: 'query', kind: '500' },
    /^target: nothing here answers query: faults strike incidents, .* or ti:misp/,
  ],
  [{ target: 'ti:shodan', kind: '500' }, /^target: nothing here answers ti:shodan/],
  [{ target: 'ti:rdap', kind: 'expired' }, /^target: ti:rdap cannot be expired/],
  [{ target: 'ti:otx', kind: 'late' }, /^target: ti:otx cannot be late/],
  [{ target: 'incidents', kind: 'fire' }, /^kind: there is no fault fire, only 429, .* or garbage/],
  [
    { target: 'alerts', kind: 'endless' },
    /^target: alerts cannot be endless, only incidents or comments can/,
  ],
  [{ target: 'incidents', kind: 'late' }, /^target: incidents cannot be late/],
  [{ target: 'token', kind: 'foreign' }, /^target: token cannot be foreign/],
  [
    { target: 'incidents', kind: '429', after: true },
    /^after: 429 has no after: it is for 500, drop, latency/,
  ],
  [{ target: 'incidents', kind: 'drop', links: 'same' }, /^links: drop has no links/],
  [{ target: 'incidents', kind: 'foreign', url: 'elsewhere' }, /^url: /],
  [{ target: 'incidents', kind: 'garbage', shape: 'xml' }, /^shape: /],
  [{ target: 'incidents', kind: '500', count: 0 }, /^count: /],
  [{ target: 'incidents', kind: '500', method: 'HEAD' }, /^method: /],
])('fault %j is refused in a sentence', async (body, detail) => {
  const answer = await fault(body);
  expect(answer.status).toBe(422);
  expect((answer.body as { detail: string }).detail).toMatch(detail);
});
