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
  startHttpServer,
} from './index.ts';

const began = Promise.withResolvers<void>();
const left = Promise.withResolvers<void>();
const endless = defineRoute({
  method: 'get',
  path: '/endless',
  summary: 'Wait',
  tag: 'Things',
  scope: 'public',
  response: z.object({}),
  handle: async ({ request: { signal } }) => {
    signal.addEventListener('abort', () => left.resolve());
    began.resolve();
    await left.promise;
    return {};
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
  mount(app, [endless], options);
  finish(app, [endless], options);
  server = await startHttpServer(app, { host: '127.0.0.1', port: 0, graceMs: 1_000 });
});
afterAll(() => server.close());

test('a handler learns that its caller is gone', async () => {
  const caller = new AbortController();
  const answered = fetch(`${server.url}/endless`, { signal: caller.signal });
  await began.promise;
  caller.abort();
  await expect(answered).rejects.toThrow(/abort/);
  await expect(left.promise).resolves.toBeUndefined();
});
