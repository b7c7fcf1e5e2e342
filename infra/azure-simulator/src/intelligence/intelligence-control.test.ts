import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { SentToProvider } from '../request-log.ts';
import { type Simulator, startSimulator } from '../simulator.ts';
import { control, send } from '../test-client.ts';
import { PROVIDER_NAMES, type ProviderName } from './provider-names.ts';
import { ask, form, json, keyOf } from './test-provider.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ seed: 'control', isPopulated: false });
});
afterAll(() => simulator.close());
afterEach(async () => {
  await control(simulator, '/faults', undefined, 'DELETE');
});

const fault = (body: object) => control(simulator, '/faults', body);
const C2 = '194.26.192.64';

/** One question to each, which is `unknown` with status 404 to some. */
const QUESTIONS: Record<ProviderName, () => ReturnType<typeof ask>> = {
  virustotal: () => ask(simulator, 'virustotal', '/api/v3/domains/quiet.example.net'),
  abuseipdb: () => ask(simulator, 'abuseipdb', `/api/v2/check?ipAddress=${C2}`),
  greynoise: () => ask(simulator, 'greynoise', `/v3/community/${C2}`),
  internetdb: () => ask(simulator, 'internetdb', `/${C2}`),
  urlscan: () => ask(simulator, 'urlscan', '/api/v1/search/?q=page.domain:quiet.example.net'),
  otx: () => ask(simulator, 'otx', `/api/v1/indicators/IPv4/${C2}/general`),
  urlhaus: () => ask(simulator, 'urlhaus', '/v1/host/', form({ host: C2 })),
  malwarebazaar: () =>
    ask(simulator, 'malwarebazaar', '/api/v1/', form({ query: 'get_info', hash: 'b'.repeat(64) })),
  threatfox: () => ask(simulator, 'threatfox', '/api/v1/', json({ query: 'search_ioc', search_term: C2 })),
  hashlookup: () => ask(simulator, 'hashlookup', `/lookup/sha256/${'b'.repeat(64)}`),
  rdap: () => ask(simulator, 'rdap', `/ip/${C2}`),
  misp: () => ask(simulator, 'misp', '/attributes/restSearch', json({ value: C2 })),
};

test.each(PROVIDER_NAMES)('%s can be limited, failing, gone, garbage and cut short', async (provider) => {
  const question = QUESTIONS[provider];
  const before = await question();
  const target = `ti:${provider}`;
  await fault({ target, kind: '429', ms: 7_000, count: 1 });
  expect(await question()).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  await fault({ target, kind: 500, count: 1 });
  expect((await question()).status).toBe(500);
  await fault({ target, kind: 'drop', count: 1 });
  await expect(question()).rejects.toThrow(/hang up|ECONNRESET/);
  await fault({ target, kind: 'garbage', count: 1 });
  await expect(question()).rejects.toThrow(/not valid JSON/);
  await fault({ target, kind: 'garbage', shape: 'json', count: 1 });
  expect(await question()).toMatchObject({ status: 200, body: ['of', { another: 'shape' }] });
  await fault({ target, kind: 'partial', count: 1 });
  await expect(question()).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  expect(await question()).toMatchObject({ status: before.status, body: before.body });
});

test('a slow provider is late by as much as was asked', async () => {
  await fault({ target: 'ti:otx', kind: 'latency', ms: 80, count: 1 });
  const start = performance.now();
  expect((await QUESTIONS.otx()).status).toBe(200);
  expect(performance.now() - start).toBeGreaterThanOrEqual(79);
});

test('a provider that never answers leaves the others alone', async () => {
  await fault({ target: 'ti:otx', kind: 'latency', ms: 600_000 });
  const waiting = QUESTIONS.otx().catch(() => undefined);
  const first = await Promise.race([waiting, QUESTIONS.abuseipdb()]);
  expect(first?.body).toHaveProperty('data.ipAddress', C2);
});

test('a key that is good no more is refused in the words of its provider', async () => {
  await fault({ target: 'ti:threatfox', kind: 'expired', count: 1 });
  expect(await QUESTIONS.threatfox()).toMatchObject({
    status: 403,
    body: { query_status: 'unknown_auth_key' },
  });
});

test('what a provider was sent is recorded, but for its key', async () => {
  await control(simulator, '/requests', undefined, 'DELETE');
  await QUESTIONS.threatfox();
  await QUESTIONS.rdap();
  await ask(simulator, 'abuseipdb', `/api/v2/report?ip=${C2}`);
  const { body } = await control(simulator, '/requests');
  const { requests } = body as { requests: { intelligence: SentToProvider }[] };
  expect(requests).toMatchObject([
    {
      method: 'POST',
      path: '/ti/threatfox/api/v1/',
      target: 'ti:threatfox',
      status: 200,
      scope: null,
      intelligence: {
        provider: 'threatfox',
        header_names: expect.arrayContaining(['auth-key', 'content-type']),
        body: `{"query":"search_ioc","search_term":"${C2}"}`,
      },
    },
    { target: 'ti:rdap', path: `/ti/rdap/ip/${C2}`, intelligence: { provider: 'rdap', body: '' } },
    { target: 'unknown', query: `?ip=${C2}`, status: 404, intelligence: { provider: 'abuseipdb' } },
  ]);
  expect(JSON.stringify(requests)).not.toContain(keyOf(simulator, 'threatfox'));
});

test('requests to Azure carry nothing of the kind', async () => {
  await control(simulator, '/requests', undefined, 'DELETE');
  await send(simulator, '/subscriptions');
  const { body } = await control(simulator, '/requests');
  expect((body as { requests: object[] }).requests[0]).not.toHaveProperty('intelligence');
});

test('where providers are, and what opens them, can be asked for', async () => {
  const { body } = await control(simulator, '/intelligence');
  expect(body).toEqual({ providers: simulator.intelligence });
  expect(simulator.intelligence.map(({ provider }) => provider)).toEqual(PROVIDER_NAMES);
  const free = simulator.intelligence.filter(({ api_key }) => api_key === null);
  expect(free.map(({ provider }) => provider)).toEqual(['internetdb', 'hashlookup', 'rdap']);
  expect(keyOf(simulator, 'urlhaus')).toBe(keyOf(simulator, 'threatfox'));
  expect(simulator.intelligence[0]?.url).toBe(`${simulator.url}/ti/virustotal`);
});
