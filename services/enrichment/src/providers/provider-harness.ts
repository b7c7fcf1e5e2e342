import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Observation, type Verdict } from '@socmate/contracts';
import type { Provider } from '../intelligence/define-provider.ts';
import {
  anEntity,
  configuredAt,
  createTestIntelligence,
  createTestMemory,
} from '../intelligence/intelligence-fixture.ts';
import { type Answering, type Asked, startProviderServer } from '../intelligence/provider-server.ts';
import type { SubjectType } from '../intelligence/subject.ts';

interface Known {
  readonly of: readonly [SubjectType, string];
  /** In part; a body of JSON or a form as an object. */
  readonly asks: {
    readonly method?: 'GET' | 'POST';
    readonly path: string;
    readonly headers?: object;
    readonly body?: object;
  };
  readonly body: object;
  readonly judged: Partial<Observation> & { readonly verdict: Verdict };
}

export interface ProviderCases {
  readonly known: readonly [Known, ...Known[]];
  readonly unknown: { readonly status?: number; readonly body: object };
  /** Faults that it tells in its own way, and a word of the summary. */
  readonly told?: readonly (readonly [name: string, answering: Answering, summary: RegExp])[];
}

const PATIENT_MS = 10_000;
const IMPATIENT_MS = 150;

const FAULTS: readonly (readonly [name: string, answering: Answering, summary: RegExp])[] = [
  ['401', { status: 401, body: { error: 'no' } }, /refused the key/],
  ['403', { status: 403, body: { error: 'no' } }, /refused the key/],
  ['500', { status: 500, body: { error: 'oops' } }, /status 500/],
  ['a status that is not its own', { status: 204 }, /status 204/],
  ['a broken connection', 'reset', /broke the connection/],
  ['an answer that breaks off', 'truncated', /broke the connection/],
  ['404 with a page of HTML', { status: 404, body: '<html><h1>Not Found</h1></html>' }, /status 404/],
  ["a gateway's own 404", { status: 404, body: { message: 'no route matched' } }, /status 404/],
  ['half of its JSON', { body: '{"data": [{"id"' }, /did not answer in JSON/],
  ['a page of HTML', { body: '<html><h1>It works!</h1></html>' }, /did not answer in JSON/],
  ['JSON of another shape', { body: [1, 2, 3] }, /shape that is not its own/],
  [
    'a redirect to another place',
    { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    /not its own/,
  ],
];

const SLOW: typeof FAULTS = [
  ['no answer at all', 'slow', /within 150 ms/],
  ['an answer without end', 'drip', /within 150 ms/],
];

type Harness = Awaited<ReturnType<typeof startHarness>>;

/** What every provider is held to, on bodies as the real one sends them. */
export function testProvider(provider: Provider, cases: ProviderCases): void {
  let current: Harness;
  beforeEach(async () => {
    current = await startHarness({ ...provider, timeoutMs: PATIENT_MS });
  });
  afterEach(() => current.close());
  const harness = (): Harness => current;
  testAnswers(provider, cases, harness);
  testFaults(cases, harness);
  testSlowness(provider, cases);
  testSpentQuota(cases, harness);
}

function testAnswers(provider: Provider, { known, unknown }: ProviderCases, harness: () => Harness): void {
  test.each(known)('$of is $judged.verdict', async ({ of, asks, body, judged }) => {
    const { server, lookUp } = harness();
    server.answer({ body: { ...body, a_field_of_tomorrow: { nested: [1] } } });
    const observation = await lookUp(anEntity(...of));
    expect(server.asked.map(shown)).toMatchObject([{ method: 'GET', ...asks }]);
    expect(observation).toMatchObject({ status: 'known', cached: false, simulated: false, ...judged });
    expect(observation.evidence).not.toEqual({});
    expect(Observation.parse(observation)).toEqual(observation);
    expect(await lookUp(anEntity(...of))).toEqual({ ...observation, cached: true });
    expect(server.asked).toHaveLength(1);
  });

  test('what it has never heard of is unknown, and is kept as unknown', async () => {
    const { server, lookUp } = harness();
    server.answer(unknown);
    const entity = anEntity(...known[0].of);
    const observation = await lookUp(entity);
    expect(observation).toMatchObject({ status: 'unknown', verdict: 'unknown', score: null, cached: false });
    const ttlMs = Date.parse(observation.expires_at ?? '') - Date.parse(observation.observed_at);
    expect(ttlMs).toBe(provider.ttlS.unknown * 1_000);
    expect(await lookUp(entity)).toEqual({ ...observation, cached: true });
  });
}

const NO_ANSWER = { verdict: 'unknown', score: null, expires_at: null, cached: false };

function testFaults({ known: [{ of, body }], told = [] }: ProviderCases, harness: () => Harness): void {
  test.each([...FAULTS, ...told])('%s is an error, and never kept', async (_, answering, summary) => {
    const { server, memory, lookUp } = harness();
    server.answer(answering);
    const observation = await lookUp(anEntity(...of));
    expect(observation).toMatchObject({ ...NO_ANSWER, status: 'error' });
    expect(observation.summary).toMatch(summary);
    expect(memory.saved).toEqual([]);
    server.answer({ body });
    expect(await lookUp(anEntity(...of))).toMatchObject({ status: 'known', cached: false });
  });
}

function testSlowness(provider: Provider, { known: [{ of }] }: ProviderCases): void {
  test.each(SLOW)('%s is an error after its time, and never kept', async (_, answering, summary) => {
    const { server, memory, lookUp, close } = await startHarness({ ...provider, timeoutMs: IMPATIENT_MS });
    server.answer(answering);
    const observation = await lookUp(anEntity(...of));
    await close();
    expect(observation).toMatchObject({ ...NO_ANSWER, status: 'error' });
    expect(observation.summary).toMatch(summary);
    expect(memory.saved).toEqual([]);
  });
}

function testSpentQuota({ known: [{ of }] }: ProviderCases, harness: () => Harness): void {
  test('429 blocks it for as long as it says, and is limited, not an error', async () => {
    const { server, memory, lookUp } = harness();
    server.answer({ status: 429, headers: { 'retry-after': '30' }, body: {} });
    expect(await lookUp(anEntity(...of))).toMatchObject({ ...NO_ANSWER, status: 'limited' });
    const again = await lookUp(anEntity(...of));
    expect(again).toMatchObject({ status: 'limited', summary: expect.stringMatching(/said that its quota/) });
    expect(server.asked).toHaveLength(1);
    expect(memory.saved).toEqual([]);
  });
}

async function startHarness(provider: Provider) {
  const server = await startProviderServer();
  const memory = createTestMemory();
  const intelligence = createTestIntelligence([configuredAt(provider, server.url)], { memory });
  return {
    server,
    memory,
    lookUp: async (entity: ReturnType<typeof anEntity>): Promise<Observation> => {
      const options = { signal: AbortSignal.timeout(20_000), quotaWaitMs: 100 };
      const [observation] = await intelligence.lookUp(entity, options);
      if (observation === undefined) throw new Error(`${provider.name} was not asked`);
      return observation;
    },
    close: async () => {
      intelligence.close();
      await server.close();
    },
  };
}

function shown({ method, path, headers, body }: Asked) {
  if (body === '') return { method, path, headers };
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const read: unknown = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body);
  return { method, path, headers, body: read };
}
