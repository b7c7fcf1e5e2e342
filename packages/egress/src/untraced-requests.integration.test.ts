import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { startConnectProxy, until } from '@socmate/testing';
import { Agent, type Dispatcher, request } from 'undici';
import { parseEgressProxy } from './egress-proxy.ts';
import { createGuardedAgent } from './guarded-agent.ts';
import { type LocalServer, startHttp } from './local-servers.ts';
import { parseTargetPolicy } from './target-policy.ts';

const policy = parseTargetPolicy({ allowHttp: true, allowedPorts: '*', allowedCidrs: '127.0.0.1' });
const exporter = new InMemorySpanExporter();
const instrumentation = new UndiciInstrumentation();
const seen: (string | undefined)[] = [];
let server: LocalServer;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  instrumentation.setTracerProvider(provider);
  instrumentation.enable();
  server = await startHttp((req, res) => {
    seen.push(req.headers.traceparent as string | undefined);
    if (req.url !== '/unanswered') res.end();
  });
});

afterEach(() => {
  exporter.reset();
  seen.length = 0;
});

afterAll(async () => {
  instrumentation.disable();
  await server.close();
});

const send = async (dispatcher: Dispatcher, path = '/', signal: AbortSignal | null = null): Promise<void> => {
  const url = `http://127.0.0.1:${server.port}${path}`;
  await (await request(url, { dispatcher, signal, method: 'POST', body: '{}' })).body.dump();
};

const inSpan = (work: () => Promise<unknown>): Promise<void> =>
  trace.getTracer('test').startActiveSpan('attempt', async (span) => {
    await work();
    span.end();
  });

const spanNames = (): string[] => exporter.getFinishedSpans().map(({ name }) => name);

test('an ordinary agent is traced here, so that the next tests can fail', async () => {
  const agent = new Agent();
  await inSpan(() => send(agent));
  await agent.destroy();
  expect(seen).toEqual([expect.stringMatching(/^00-/)]);
  expect(spanNames()).toEqual(['POST', 'attempt']);
});

test('requests of the guarded agent carry no traceparent and make no span', async () => {
  const agent = createGuardedAgent(policy, { connectTimeoutMs: 2_000 });
  await inSpan(() => send(agent));
  await agent.destroy();
  expect(seen).toEqual([undefined]);
  expect(spanNames()).toEqual(['attempt']);
});

/** Of several requests over one connection, one is given up: the others are sent over the next one. */
async function sendMany(agent: Dispatcher): Promise<void> {
  await inSpan(async () => {
    const givenUp = new AbortController();
    const first = send(agent, '/unanswered', givenUp.signal).catch(() => undefined);
    const others = Array.from({ length: 5 }, () => send(agent));
    await until('the first was sent', () => seen.length > 0);
    givenUp.abort();
    await Promise.all([first, ...others]);
  });
  await agent.destroy();
}

test('nor do requests that waited for a connection, and were sent when another was given up', async () => {
  await sendMany(createGuardedAgent(policy, { connectTimeoutMs: 2_000, maxConnectionsPerOrigin: 1 }));
  expect(seen).toEqual(Array(6).fill(undefined));
  expect(spanNames()).toEqual(['attempt']);
});

test('nor does what is asked of an egress proxy, for these as well', async () => {
  const proxy = await startConnectProxy(() => ({ port: server.port }));
  const options = { proxy: parseEgressProxy(`http://127.0.0.1:${proxy.port}`), maxConnectionsPerOrigin: 1 };
  await sendMany(createGuardedAgent(policy, { connectTimeoutMs: 2_000, ...options }));
  expect(proxy.asked.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined]);
  await proxy.close();
  expect(seen).toEqual(Array(6).fill(undefined));
  expect(spanNames()).toEqual(['attempt']);
});
