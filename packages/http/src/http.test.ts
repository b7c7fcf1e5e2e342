import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppError, createIds, createLogger } from '@socmate/runtime';
import { z } from 'zod';
import {
  type AppOptions,
  createApp,
  createOpenApi,
  defineRoute,
  finish,
  type HttpServer,
  mount,
  mountDocs,
  type Principal,
  reply,
  startHttpServer,
} from './index.ts';

const principal: Principal = {
  id: 'key_1',
  kind: 'api_key',
  name: 'test',
  scopes: ['incidents:read'],
  providers: [],
  rateLimitPerMinute: 120,
};

const things = [
  defineRoute({
    method: 'post',
    path: '/things',
    summary: 'Make',
    tag: 'Things',
    scope: 'public',
    status: 201,
    body: z.object({
      name: z.string(),
      size: z.int().optional(),
      in: z.strictObject({ a: z.int() }).optional(),
    }),
    response: z.object({ name: z.string() }),
    handle: ({ body }) => reply({ ...body, secret: 'x' }, { headers: { location: '/things/1' } }),
  }),
  defineRoute({
    method: 'post',
    path: '/documented',
    summary: 'Make as documented',
    tag: 'Things',
    scope: 'public',
    documented: true,
    body: z.object({ name: z.string(), in: z.strictObject({ a: z.int() }).optional() }),
    response: z.object({ name: z.string(), in: z.unknown().optional() }),
    handle: ({ body }) => body,
  }),
  defineRoute({
    method: 'get',
    path: '/things/{number}',
    summary: 'Get',
    tag: 'Things',
    scope: 'public',
    params: z.object({ number: z.string().regex(/^\d+$/, 'must be a whole number') }),
    query: z.object({ q: z.string().optional() }),
    response: z.object({ number: z.string() }),
    handle: ({ params }) => {
      if (params.number === '500') throw new Error('password=hunter2');
      if (params.number === '503') throw new AppError('unavailable', 'the store is away', { retryAfterS: 7 });
      if (params.number === '600') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      return params;
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/things/{number}',
    summary: 'Delete',
    tag: 'Things',
    scope: ['incidents:act', 'webhooks:write'],
    params: z.object({ number: z.string() }),
    handle: () => undefined,
  }),
  defineRoute({
    method: 'get',
    path: '/me',
    summary: 'Who',
    tag: 'Things',
    scope: 'incidents:read',
    response: z.object({ id: z.string() }),
    handle: (input) => ({ id: input.principal.id }),
  }),
];

const logged: string[] = [];
const options: AppOptions = {
  log: createLogger('test', 'debug', { write: (line) => void logged.push(line) }),
  ids: createIds(),
  explain: (fault) =>
    fault instanceof Error && 'code' in fault
      ? new AppError('unavailable', 'the database is away')
      : undefined,
  gate: {
    authenticate: (request) =>
      request.header('x-api-key') === 'good'
        ? Promise.resolve(principal)
        : Promise.reject(new AppError('unauthenticated', 'no')),
    admit: () => Promise.resolve({ headers: { 'ratelimit-limit': '120' } }),
    once: (_call, run) => run(),
  },
};

let server: HttpServer;
const document = createOpenApi(things, {
  title: 'T',
  version: '1',
  description: '',
  tags: [],
  webhooks: [{ type: 'thing-made', summary: 'A thing', data: z.object({ a: z.int() }) }],
}) as { paths: Record<string, Record<string, { responses: object; security: object }>>; webhooks: object };

beforeAll(async () => {
  const app = createApp(options);
  mountDocs(app, 'T', document);
  mount(app, things, options);
  finish(app, things, options);
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, graceMs: 1_000 });
});
afterAll(() => server.close());

async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const res = await fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await res.text();
  return { status: res.status, headers: res.headers, json: text === '' ? undefined : JSON.parse(text) };
}

test('an answer holds only what its response type names, with the status and headers of the reply', async () => {
  const { status, headers, json } = await call('POST', '/things', '{"name":"a"}');
  expect([status, headers.get('location'), json]).toEqual([201, '/things/1', { name: 'a' }]);
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('etag')).toBeNull();
});

test('every fault of the input is named with its place, and no value is repeated', async () => {
  const { status, json } = await call(
    'POST',
    '/things?colour=red',
    '{"size":"hunter2","nmae":1,"in":{"b":1}}',
  );
  expect(status).toBe(422);
  expect(json).toMatchObject({ code: 'invalid_input', request_id: expect.stringMatching(/^req_/) });
  expect(json.detail).toEqual([
    { loc: ['query', 'colour'], msg: 'unknown parameter', type: 'unknown_parameter' },
    { loc: ['body', 'name'], msg: 'required', type: 'missing' },
    { loc: ['body', 'size'], msg: expect.any(String), type: 'invalid_type' },
    { loc: ['body', 'in', 'a'], msg: 'required', type: 'missing' },
    { loc: ['body', 'in', 'b'], msg: 'unknown field', type: 'unknown_field' },
    { loc: ['body', 'nmae'], msg: 'unknown field; known: name, size, in', type: 'unknown_field' },
  ]);
  expect(JSON.stringify(json)).not.toContain('hunter2');
});

test('a documented route leaves unknown fields out and names them', async () => {
  const { status, headers, json } = await call(
    'POST',
    '/documented',
    '{"name":"a","b\\"\\r\\nad":1,"in":{"a":1,"c":2}}',
  );
  expect([status, json]).toEqual([200, { name: 'a', in: { a: 1 } }]);
  expect(headers.get('warning')).toBe('299 - "ignored unknown fields: in.c, b???ad"');
});

test('a documented route still refuses what is wrong', async () => {
  const { status, json } = await call('POST', '/documented', '{"name":1,"more":1}');
  expect([status, json.detail.map((issue: { loc: unknown }) => issue.loc)]).toEqual([
    422,
    [['body', 'name']],
  ]);
});

test('a path, a query, a repeated and a missing body are refused with their place', async () => {
  expect((await call('GET', '/things/abc?q=1&q=2')).json.detail).toEqual([
    { loc: ['path', 'number'], msg: 'must be a whole number', type: 'invalid_format' },
    { loc: ['query', 'q'], msg: 'given more than once', type: 'repeated' },
  ]);
  expect((await call('GET', '/things/1?p=1')).json.detail).toEqual([
    { loc: ['query', 'p'], msg: 'unknown parameter; known: q', type: 'unknown_parameter' },
  ]);
  expect((await call('POST', '/things')).json.detail).toEqual([
    { loc: ['body'], msg: 'required', type: 'missing' },
  ]);
});

test.each([
  { what: 'malformed JSON', body: '{"name":', headers: {}, status: 400, code: 'malformed' },
  { what: 'an empty document', body: ' ', headers: {}, status: 400, code: 'malformed' },
  {
    what: 'another media type',
    body: 'name=a',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'an unknown encoding',
    body: '{}',
    headers: { 'content-encoding': 'lzma' },
    status: 415,
    code: 'unsupported_media_type',
  },
])('a body of $what is refused', async ({ body, headers, status, code }) => {
  const answer = await call('POST', '/things', body, headers);
  expect([answer.status, answer.json.code]).toEqual([status, code]);
});

test('a body of 5 MB is refused with the limit', async () => {
  const { status, json } = await call('POST', '/things', `{"name":"${'a'.repeat(5_000_000)}"}`);
  expect([status, json.code, json.detail]).toEqual([
    413,
    'too_large',
    expect.stringContaining('1048576 bytes'),
  ]);
});

test('an unknown path and an unknown method are 404, the second naming what is offered', async () => {
  expect((await call('GET', '/nothing')).json).toMatchObject({ code: 'not_found' });
  const { status, headers } = await call('PATCH', '/things/1');
  expect([status, headers.get('allow')]).toEqual([404, 'GET, DELETE']);
});

test('a path that is not well-formed is 400', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(server.url);
    httpRequest({ port, host: '127.0.0.1', path: '/things/%E0%A4%A' }, (res) => {
      res.resume();
      resolve(res.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(400);
});

test('an unexpected fault shows nothing of itself and is logged once with its stack', async () => {
  logged.length = 0;
  const { status, json } = await call('GET', '/things/500', undefined, { 'x-request-id': 'mine-1' });
  expect([status, json]).toEqual([
    500,
    { detail: 'something went wrong here; it was logged', code: 'internal', request_id: 'mine-1' },
  ]);
  const lines = logged.map((line) => JSON.parse(line)).filter((line) => line.err);
  expect(lines).toMatchObject([
    { request_id: 'mine-1', err: { stack: expect.stringContaining('http.test') } },
  ]);
});

test('a dependency that is away is 503 with the time to wait', async () => {
  expect((await call('GET', '/things/503')).headers.get('retry-after')).toBe('7');
  const { status, json } = await call('GET', '/things/600');
  expect([status, json.detail]).toEqual([503, 'the database is away']);
});

test('a route that is not public asks for a credential and for any one of its scopes', async () => {
  const missing = await call('GET', '/me');
  expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringMatching(/^ApiKey /),
  ]);
  const good = await call('GET', '/me', undefined, { 'x-api-key': 'good' });
  expect([good.json, good.headers.get('ratelimit-limit')]).toEqual([{ id: 'key_1' }, '120']);
  const lacking = await call('DELETE', '/things/1', undefined, { 'x-api-key': 'good' });
  expect([lacking.status, lacking.json.detail]).toEqual([
    403,
    "this needs the scope 'incidents:act' or 'webhooks:write'",
  ]);
});

test('a request id is taken over only in a form that may stand in a log', async () => {
  const taken = await call('GET', '/things/1', undefined, { 'x-request-id': 'soar:42' });
  expect(taken.headers.get('x-request-id')).toBe('soar:42');
  const replaced = await call('GET', '/things/1', undefined, { 'x-request-id': `a b${'c'.repeat(200)}` });
  expect(replaced.headers.get('x-request-id')).toMatch(/^req_/);
});

test('a request leaves one log line without its query', async () => {
  logged.length = 0;
  await call('GET', '/things/1?q=secret-term');
  const lines = logged.map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { msg: 'request', path: '/things/1', route: '/things/{number}', status: 200 },
  ]);
  expect(logged.join('')).not.toContain('secret-term');
});

test('the document describes exactly the mounted routes, their scopes and their errors', () => {
  expect(Object.keys(document.paths)).toEqual(['/things', '/documented', '/things/{number}', '/me']);
  expect(document.paths['/things/{number}']?.['delete']?.security).toEqual([
    { ApiKey: ['incidents:act'] },
    { ApiKey: ['webhooks:write'] },
  ]);
  expect(Object.keys(document.paths['/things']?.['post']?.responses ?? {})).toEqual(
    expect.arrayContaining(['201', '400', '413', '415', '422', '500']),
  );
  expect(Object.keys(document.webhooks)).toEqual(['thing-made']);
});

test('the reference page and all its parts come from here, under a policy without inline scripts', async () => {
  const page = await fetch(`${server.url}/docs`);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part as string);
  expect(parts).toHaveLength(4);
  for (const part of parts) expect((await fetch(new URL(part, `${server.url}/docs`))).status).toBe(200);
  expect(html).not.toMatch(/https?:/);
});
