import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createIds, createLogger } from '@socmate/runtime';
import { z } from 'zod';
import {
  type AppOptions,
  createApp,
  createOpenApi,
  defineRoute,
  finish,
  type HttpServer,
  mount,
  startHttpServer,
} from './index.ts';

let said = 0;
const route = defineRoute({
  method: 'get',
  path: '/things',
  summary: 'Get',
  tag: 'Things',
  scope: 'public',
  query: z.object({ name: z.string() }),
  response: z.object({ name: z.string(), said: z.int() }),
  etag: ({ name }) => name,
  handle: ({ query: { name } }) => {
    said += 1;
    return { name, said };
  },
});

const options: AppOptions = {
  log: createLogger('http', 'silent'),
  ids: createIds(),
  gate: {
    authenticate: () => Promise.reject(new Error('not asked')),
    admit: () => Promise.resolve({ headers: {} }),
    once: (_call, run) => run(),
  },
};
let server: HttpServer;

beforeAll(async () => {
  const app = createApp(options);
  mount(app, [route], options);
  finish(app, [route], options);
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, graceMs: 1_000 });
});
afterAll(() => server.close());

const get = (name: string, ifNoneMatch?: string, method = 'GET') =>
  fetch(`${server.url}/things?name=${name}`, {
    method,
    headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch },
  });
const tagOf = async (name: string) => (await get(name)).headers.get('etag') ?? '';

test('an answer that the caller has is 304 without a body, whatever part of it does not count', async () => {
  const tag = await tagOf('a');
  expect(await tagOf('a')).toBe(tag);
  const again = await get('a', `"x", ${tag}`);
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
  expect(again.headers.get('content-type')).toBeNull();
  expect((await get('a', '*')).status).toBe(304);
});

test('an answer that the caller does not have is whole', async () => {
  const tag = await tagOf('a');
  for (const [name, given] of [
    ['b', tag],
    ['a', '"other"'],
    ['a', ''],
  ] as const) {
    const answer = await get(name, given);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ name });
  }
});

test('HEAD is answered as GET is, without the body', async () => {
  const tag = await tagOf('a');
  const head = await get('a', undefined, 'HEAD');
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, tag, '']);
  expect((await get('a', tag, 'HEAD')).status).toBe(304);
});

test('a fault is never 304', async () => {
  expect((await fetch(`${server.url}/things`, { headers: { 'if-none-match': '*' } })).status).toBe(422);
});

test('the document names the header and the answer', () => {
  const about = { title: 'T', version: '1', description: '', tags: [], webhooks: [] };
  const { paths } = createOpenApi([route], about) as {
    paths: Record<string, { get: { responses: Record<string, object>; parameters: { name: string }[] } }>;
  };
  const { responses, parameters } = paths['/things']!.get;
  expect(Object.keys(responses)).toContain('304');
  expect(parameters.map(({ name }) => name)).toContain('If-None-Match');
});
