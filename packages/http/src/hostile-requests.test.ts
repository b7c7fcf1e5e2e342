import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createIds, createLogger } from '@socmate/runtime';
import { z } from 'zod';
import {
  type AppOptions,
  createApp,
  defineRoute,
  finish,
  type HttpServer,
  mount,
  type Principal,
  startHttpServer,
} from './index.ts';

const principal: Principal = {
  id: 'key_1',
  kind: 'api_key',
  name: 'test',
  scopes: ['incidents:write'],
  providers: [],
  rateLimitPerMinute: 120,
};

const routes = [
  defineRoute({
    method: 'get',
    path: '/things',
    summary: 'List',
    tag: 'Things',
    scope: 'public',
    query: z.object({ q: z.string().optional() }),
    response: z.object({ q: z.string().optional() }),
    handle: ({ query }) => query,
  }),
  defineRoute({
    method: 'post',
    path: '/things',
    summary: 'Make',
    tag: 'Things',
    scope: 'incidents:write',
    documented: true,
    idempotent: true,
    body: z.object({ name: z.string() }),
    response: z.object({ name: z.string() }),
    handle: ({ body }) => body,
  }),
];

let server: HttpServer;

beforeAll(async () => {
  const options: AppOptions = {
    log: createLogger('test', 'silent'),
    ids: createIds(),
    gate: {
      authenticate: () => Promise.resolve(principal),
      admit: () => Promise.resolve({ headers: {} }),
      once: (_call, run) => run(),
    },
  };
  const app = createApp(options);
  mount(app, routes, options);
  finish(app, routes, options);
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, graceMs: 1_000 });
});
afterAll(() => server.close());

async function get(
  target: string,
): Promise<{ status: number; json: { q?: string; code?: string; detail?: unknown[] } }> {
  const { port, hostname } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${target} HTTP/1.1\r\nhost: socmate\r\nconnection: close\r\n\r\n`);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), json: JSON.parse(body) };
}

test.each(['http://socmate/things?q=1', 'http://[/things?q=1', 'HTTPS://a:99999/things?q=1'])(
  'a request for the whole address %s is one for its path',
  async (target) => {
    expect(await get(target)).toEqual({ status: 200, json: { q: '1' } });
  },
);

test.each(['http://a:99999', 'http://[', '//things', '//:99999/things', '/things%00'])(
  'a request for %s is 404 in the usual form',
  async (target) => {
    expect(await get(target)).toMatchObject({ status: 404, json: { code: 'not_found' } });
  },
);

const nested = (levels: number): string => `{"name":"a","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

test('a body that is nested without end is refused, with and without an Idempotency-Key', async () => {
  for (const headers of [{}, { 'idempotency-key': 'one' }]) {
    const answer = await post(nested(200_000), headers);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: 'malformed', detail: 'the body is nested over 64 levels deep' },
    ]);
  }
  expect((await post(nested(60))).status).toBe(200);
});

test('a request with a great many faults is told the first hundred', async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `n${index}=`);
  const { status, json } = await get(`/things?${names.join('&')}`);
  expect([status, json.detail?.length]).toEqual([422, 100]);
});
