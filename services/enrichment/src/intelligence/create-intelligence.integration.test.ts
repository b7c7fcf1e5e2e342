import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Observation } from '@socmate/contracts';
import { connectFailFast, createGovernor, createSharedStore, type SharedStore } from '@socmate/queue';
import { createLogger, systemClock } from '@socmate/runtime';
import { startTestRedis, testQueue, until } from '@socmate/testing';
import { z } from 'zod';
import { createIntelligence, type IntelligenceDeps } from './create-intelligence.ts';
import { defineProvider, type Limits } from './define-provider.ts';
import { anEntity, configuredAt, createTestMemory, silent, type TestMemory } from './intelligence-fixture.ts';
import { type ProviderServer, startProviderServer } from './provider-server.ts';

const oracle = defineProvider({
  name: 'oracle',
  entityTypes: ['ip'],
  reliability: 'B',
  baseUrl: null,
  access: 'key',
  limits: { concurrency: 10 },
  timeoutMs: 10_000,
  ttlS: { malicious: 3_600, suspicious: 3_600, benign: 3_600, unknown: 60 },
  request: ({ value }, key) => ({ path: `/of/${value}`, headers: { key } }),
  notFound: z.undefined(),
  response: z.object({ bad: z.boolean() }),
  judge: ({ bad }) => ({
    status: 'known',
    verdict: bad ? 'malicious' : 'unknown',
    score: null,
    summary: 'it says so',
    evidence: { bad },
  }),
});

const entity = anEntity('ip', '45.155.205.20');
const BAD = { body: { bad: true } };

let server: ProviderServer;
let memory: TestMemory;
let prefix: string;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  server = await startProviderServer();
  server.answer(BAD);
  memory = createTestMemory();
  ({ prefix } = testQueue());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await server.close();
});

interface Replica {
  readonly limits?: Limits;
  readonly redisUrl?: string;
  readonly deps?: Partial<IntelligenceDeps>;
  readonly isSimulated?: boolean;
  readonly storeAs?: (store: SharedStore) => SharedStore;
}

/** As one process of several has it. */
async function replica({ redisUrl, deps, storeAs = (store) => store, ...configured }: Replica = {}) {
  const { limits = { concurrency: 50 }, isSimulated = false } = configured;
  const redis = connectFailFast(redisUrl ?? testQueue().url);
  closers.push(() => redis.disconnect());
  if (redisUrl === undefined) await until('Redis is ready', () => redis.status === 'ready');
  const intelligence = createIntelligence({
    providers: [{ ...configuredAt(oracle, server.url, limits), isSimulated }],
    store: storeAs(createSharedStore(redis, prefix)),
    governor: createGovernor(redis, prefix),
    memory,
    lists: async () => [],
    clock: systemClock,
    log: silent,
    ...deps,
  });
  closers.push(() => intelligence.close());
  const lookUp = async (about = entity, options: object = {}): Promise<Observation> => {
    const all = await intelligence.lookUp(about, { signal: AbortSignal.timeout(20_000), ...options });
    if (all[0] === undefined) throw new Error('nobody was asked');
    return all[0];
  };
  return { lookUp };
}

test('fifty lookups at once in two replicas make one request', async () => {
  const [one, other] = [await replica(), await replica()];
  const lookups = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : other).lookUp());
  const verdicts = (await Promise.all(lookups)).map(({ verdict }) => verdict);
  expect(verdicts).toEqual(Array.from({ length: 50 }, () => 'malicious'));
  expect(server.asked).toHaveLength(1);
});

test('fifty lookups at once of a provider that fails make one request, and nothing is kept', async () => {
  let claims = 0;
  const counted = (store: SharedStore): SharedStore => ({
    ...store,
    claim: async (...claim) => {
      const holder = await store.claim(...claim);
      claims += 1;
      return holder;
    },
  });
  server.answer({ status: 500 });
  const answerAll = server.hold();
  const [one, other] = [await replica({ storeAs: counted }), await replica({ storeAs: counted })];
  const lookups = Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? one : other).lookUp());
  await until('both replicas want to ask', () => claims === 2 && server.asked.length === 1);
  answerAll();
  const statuses = (await Promise.all(lookups)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(['error']));
  expect(server.asked).toHaveLength(1);
  server.answer(BAD);
  expect(await one.lookUp()).toMatchObject({ status: 'known', cached: false });
});

test('what one replica was told another has at hand, and from memory when Redis has lost it', async () => {
  const one = await replica();
  const told = await one.lookUp();
  const other = await replica();
  expect(await other.lookUp()).toEqual({ ...told, cached: true });
  ({ prefix } = testQueue());
  const later = await replica();
  expect(await later.lookUp()).toEqual({ ...told, cached: true });
  expect(server.asked).toHaveLength(1);
  memory.saved.splice(0);
  expect(await later.lookUp()).toMatchObject({ cached: true });
});

test('what is believed no more is asked again', async () => {
  let now = Date.now();
  const clock = { now: () => new Date(now) };
  const { lookUp } = await replica({ deps: { clock } });
  await lookUp();
  now += 3_599_000;
  expect(await lookUp()).toMatchObject({ cached: true });
  now += 2_000;
  expect(await lookUp()).toMatchObject({ cached: false });
});

test('force asks again what is believed, and joins what is being asked', async () => {
  const { lookUp } = await replica();
  await lookUp();
  const forced = await Promise.all(Array.from({ length: 10 }, () => lookUp(entity, { force: true })));
  expect(forced.map(({ cached }) => cached)).toEqual(Array.from({ length: 10 }, () => false));
  expect(server.asked).toHaveLength(2);
});

test('what the simulator said is not believed once the provider itself is asked', async () => {
  const simulated = await replica({ isSimulated: true });
  expect(await simulated.lookUp()).toMatchObject({ simulated: true, cached: false });
  const real = await replica();
  expect(await real.lookUp()).toMatchObject({ simulated: false, cached: false });
});

test('replicas share the quota of a minute; whoever would wait too long is limited, not failed', async () => {
  const limits = { perMinute: 2, concurrency: 5 };
  const [one, other] = [await replica({ limits }), await replica({ limits })];
  const addresses = ['45.155.205.1', '45.155.205.2', '45.155.205.3', '45.155.205.4'];
  const lookups = addresses.map((address, at) =>
    (at % 2 === 0 ? one : other).lookUp(anEntity('ip', address), { quotaWaitMs: 100 }),
  );
  const statuses = (await Promise.all(lookups)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 'known')).toHaveLength(2);
  expect(statuses.filter((status) => status === 'limited')).toHaveLength(2);
  expect(server.asked).toHaveLength(2);
});

test('a quota that is free again in time is waited for', async () => {
  const redis = connectFailFast(testQueue().url);
  closers.push(() => redis.disconnect());
  await until('Redis is ready', () => redis.status === 'ready');
  const { lookUp } = await replica();
  await createGovernor(redis, prefix).block('oracle', 400);
  const start = performance.now();
  expect(await lookUp(entity, { quotaWaitMs: 10_000 })).toMatchObject({ status: 'known' });
  expect(performance.now() - start).toBeGreaterThan(300);
});

test('a provider that says 429 to one replica is left alone by all', async () => {
  server.answer({ status: 429, headers: { 'retry-after': '60' } });
  const [one, other] = [await replica(), await replica()];
  expect(await one.lookUp()).toMatchObject({ status: 'limited', expires_at: null });
  server.answer(BAD);
  expect(await other.lookUp()).toMatchObject({ status: 'limited' });
  expect(server.asked).toHaveLength(1);
});

test('a replica that gives up leaves the question to the others', async () => {
  const [one, other] = [await replica(), await replica()];
  server.answer('slow');
  const controller = new AbortController();
  const abandoned = one.lookUp(entity, { signal: controller.signal });
  await until('it is asked', () => server.asked.length === 1);
  const joined = other.lookUp();
  server.answer(BAD);
  controller.abort(new Error('its run is over'));
  expect(await abandoned).toMatchObject({ status: 'error', summary: 'was not waited for any longer' });
  expect(await joined).toMatchObject({ status: 'known' });
  expect(server.asked).toHaveLength(2);
});

test('what a replica that died was asking is soon asked by another', async () => {
  const dead = (store: SharedStore): SharedStore => ({
    ...store,
    renew: () => Promise.reject(new Error('it is dead')),
    release: () => Promise.reject(new Error('it is dead')),
  });
  const [one, other] = [await replica({ storeAs: dead }), await replica()];
  const answerAll = server.hold();
  void one.lookUp();
  await until('it is asked', () => server.asked.length === 1);
  const joined = other.lookUp(entity, { signal: AbortSignal.timeout(10_000) });
  await until('the other asks as well', () => server.asked.length === 2);
  answerAll();
  expect(await joined).toMatchObject({ status: 'known' });
});

test('one of those who wait may leave without the others', async () => {
  const { lookUp } = await replica();
  server.answer('slow');
  const controller = new AbortController();
  const leaving = lookUp(entity, { signal: controller.signal });
  const staying = lookUp(entity, { signal: AbortSignal.timeout(1_000) });
  await until('it is asked', () => server.asked.length === 1);
  controller.abort(new Error('it leaves'));
  expect(await leaving).toMatchObject({ status: 'error' });
  expect(await staying).toMatchObject({ status: 'error', summary: 'was not waited for any longer' });
  expect(server.asked).toHaveLength(1);
});

test('a provider that fails five times in a row is left alone, and tried again with one request', async () => {
  let now = Date.now();
  const clock = { now: () => new Date(now) };
  const { lookUp } = await replica({ deps: { clock } });
  server.answer({ status: 500 });
  for (let at = 1; at <= 7; at += 1) await lookUp(anEntity('ip', `45.155.205.${at}`));
  expect(server.asked).toHaveLength(5);
  expect(await lookUp()).toMatchObject({ status: 'error', evidence: { fault: 'breaker' } });
  now += 31_000;
  server.answer(BAD);
  expect(await lookUp()).toMatchObject({ status: 'known' });
  expect(await lookUp(anEntity('ip', '45.155.205.9'))).toMatchObject({ status: 'known' });
});

test.each(['away', 'hanging'])(
  'while Redis is %s, lookups go on within the quotas, and it is said',
  async (how) => {
    const redis = await startTestRedis();
    const lines: { msg: string }[] = [];
    const log = createLogger('test', 'info', { write: (line) => lines.push(JSON.parse(line)) });
    const limits = { perMinute: 2, concurrency: 5 };
    if (how === 'away') await redis.kill();
    const { lookUp } = await replica({ redisUrl: redis.url, deps: { log }, limits });
    if (how === 'hanging') redis.pause();
    const options = { quotaWaitMs: 0 };
    expect(await lookUp(entity, options)).toMatchObject({ status: 'known', cached: false });
    expect(await lookUp(entity, options)).toMatchObject({ status: 'known', cached: true });
    expect(await lookUp(anEntity('ip', '45.155.205.2'), options)).toMatchObject({ status: 'known' });
    expect(await lookUp(anEntity('ip', '45.155.205.3'), options)).toMatchObject({ status: 'limited' });
    expect(lines.filter(({ msg }) => msg.startsWith('redis is away'))).toHaveLength(1);
    redis.resume();
    await redis.kill();
  },
);

test('a memory that fails costs what it would have saved, and nothing else', async () => {
  const broken = () => Promise.reject(new Error('no connection'));
  const { lookUp } = await replica({ deps: { memory: { load: broken, save: broken } } });
  expect(await lookUp()).toMatchObject({ status: 'known', cached: false });
  expect(await lookUp()).toMatchObject({ status: 'known', cached: true });
});

test('an answer in the cache that is none is asked for again', async () => {
  const redis = connectFailFast(testQueue().url);
  closers.push(() => redis.disconnect());
  await until('Redis is ready', () => redis.status === 'ready');
  const { lookUp } = await replica();
  const store = createSharedStore(redis, prefix);
  for (const text of ['{"status":"known"', '{"status":"known"}', '[]']) {
    await store.write(`intelligence:oracle:${entity.key}`, text, 60_000);
    memory.saved.splice(0);
    expect(await lookUp()).toMatchObject({ status: 'known', cached: false, verdict: 'malicious' });
  }
});

test('an answer that the code cannot cope with is an error of that provider, and told in the log', async () => {
  const lines: { msg: string; level: number }[] = [];
  const log = createLogger('test', 'error', { write: (line) => lines.push(JSON.parse(line)) });
  const broken = {
    ...oracle,
    read: () => {
      throw new TypeError('a bug');
    },
  };
  const { lookUp } = await replica({ deps: { log, providers: [configuredAt(broken, server.url)] } });
  expect(await lookUp()).toMatchObject({ status: 'error', summary: 'gave an answer that could not be read' });
  expect(lines.map(({ msg }) => msg)).toEqual(['provider could not be asked']);
});
