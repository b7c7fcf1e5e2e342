import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createProviderClient, type ProviderClient } from './provider-client.ts';
import { type ProviderServer, startProviderServer } from './provider-server.ts';

let server: ProviderServer;
let other: ProviderServer;
let client: ProviderClient;

beforeEach(async () => {
  [server, other] = await Promise.all([startProviderServer(), startProviderServer()]);
  client = createProviderClient();
});
afterEach(async () => {
  client.close();
  await Promise.all([server.close(), other.close()]);
});

const send = (more: { redirectsTo?: string[]; baseUrl?: string } = {}) =>
  client.send(
    { baseUrl: server.url, timeoutMs: 10_000, ...more },
    { path: '/a', headers: { 'x-apikey': 'the-key' } },
    AbortSignal.timeout(20_000),
  );
const redirect = (location: string) => ({ status: 302, headers: { location } });

test('a base URL may have a path of its own', async () => {
  await send({ baseUrl: `${server.url}/ti/one/` });
  expect(server.asked.map(({ path }) => path)).toEqual(['/ti/one/a']);
});

test('a redirect within the origin is followed, and one that never ends is not', async () => {
  server.answer(({ path }) => (path === '/a' ? redirect('/b') : { body: { path } }));
  expect(await send()).toMatchObject({ status: 200, body: '{"path":"/b"}' });
  server.answer(redirect('/a'));
  await expect(send()).rejects.toMatchObject({ kind: 'redirect' });
  expect(server.asked).toHaveLength(6);
});

test('another origin is asked only where the provider may send on to it, and never gets the key', async () => {
  server.answer(redirect(`${other.url}/b`));
  other.answer({ body: {} });
  await expect(send()).rejects.toMatchObject({ kind: 'redirect' });
  expect(other.asked).toEqual([]);
  expect(await send({ redirectsTo: [other.url] })).toMatchObject({ status: 200 });
  expect(other.asked.map(({ headers }) => headers['x-apikey'])).toEqual([undefined]);
});

test('an answer of more than 5 MiB is given up', async () => {
  server.answer({ body: 'x'.repeat(5 * 1024 * 1024 + 1) });
  await expect(send()).rejects.toThrow('answered with more than 5 MiB');
});

test('a proxy of the environment is not used', async () => {
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = other.url;
  try {
    server.answer({ body: {} });
    expect(await send()).toMatchObject({ status: 200 });
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = before;
  }
  expect(other.asked).toEqual([]);
});

test('connections are used again', async () => {
  server.answer({ body: {} });
  for (let at = 0; at < 10; at += 1) await send();
  expect(server.asked).toHaveLength(10);
  expect(server.connections()).toBeLessThan(5);
});
