import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '../simulator.ts';
import type { Sent } from '../test-client.ts';
import { PROVIDER_NAMES, type ProviderName } from './provider-names.ts';
import { ask, base64url, form, json } from './test-provider.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ seed: 'providers', isPopulated: false });
});
afterAll(() => simulator.close());

const C2 = '194.26.192.64';
const DOMAIN = 'cdn-telemetry-sync.com';
const PAGE = 'https://docs-share-center.com/s/4kQ8zT1';
const PING = 'https://cdn-telemetry-sync.com/api/v2/ping';
const SHA256 = '5c1f7bd4e0a94c6b0d2e8f63a2b97e41d06fb7c98a35e1f4207cd95b8ae36c12';
const SHA1 = '9be1d3f70a64c25d8c7e3a15b0f2d69471ec83fa';
const SEVEN_ZIP = '4d9fc3b1a07e5268c4f0e9d3b7a1826f5c0e94d7b36a18f2e5d07c9b41a6f38e';
const NEVER_SEEN = 'a'.repeat(64);
const QUIET = '203.119.101.61';

type Case = readonly [ProviderName, string, Sent, number, unknown];

test.each<Case>([
  [
    'virustotal',
    `/api/v3/ip_addresses/${C2}`,
    {},
    200,
    { data: { id: C2, type: 'ip_address', attributes: { last_analysis_stats: { malicious: 19 } } } },
  ],
  [
    'virustotal',
    `/api/v3/domains/${DOMAIN}`,
    {},
    200,
    { data: { id: DOMAIN, type: 'domain', attributes: { creation_date: expect.any(Number) } } },
  ],
  [
    'virustotal',
    `/api/v3/urls/${base64url(PAGE)}`,
    {},
    200,
    { data: { type: 'url', attributes: { url: PAGE } } },
  ],
  [
    'virustotal',
    `/api/v3/files/${SHA1}`,
    {},
    200,
    { data: { id: SHA256, type: 'file', attributes: { sha1: SHA1 } } },
  ],
  [
    'abuseipdb',
    `/api/v2/check?ipAddress=${C2}&maxAgeInDays=90`,
    {},
    200,
    {
      data: { ipAddress: C2, abuseConfidenceScore: 86, lastReportedAt: expect.stringMatching(/T.*\+00:00$/) },
    },
  ],
  [
    'greynoise',
    '/v3/community/165.225.72.41',
    {},
    200,
    { riot: true, noise: false, classification: 'benign', name: 'Zscaler', message: 'Success' },
  ],
  ['internetdb', `/${C2}`, {}, 200, { ip: C2, ports: [22, 443, 8080], vulns: [] }],
  [
    'urlscan',
    `/api/v1/search/?q=page.domain:%22${DOMAIN}%22&size=10`,
    {},
    200,
    { total: 1, has_more: false, results: [{ page: { domain: DOMAIN }, verdicts: { malicious: true } }] },
  ],
  [
    'urlscan',
    `/api/v1/search?q=${encodeURIComponent(`task.url.keyword:"${PAGE.replaceAll('/', '\\/')}"`)}`,
    {},
    200,
    { total: 1 },
  ],
  ['otx', `/api/v1/indicators/IPv4/${C2}/general`, {}, 200, { indicator: C2, pulse_info: { count: 2 } }],
  [
    'otx',
    `/api/v1/indicators/url/${encodeURIComponent(PING)}/general`,
    {},
    200,
    { indicator: PING, pulse_info: { count: 1 } },
  ],
  ['otx', `/api/v1/indicators/file/${SHA256}/general`, {}, 200, { pulse_info: { count: 1 } }],
  ['urlhaus', '/v1/host/', form({ host: DOMAIN }), 200, { query_status: 'ok', host: DOMAIN, url_count: '1' }],
  [
    'urlhaus',
    '/v1/payload/',
    form({ sha256_hash: SHA256 }),
    200,
    { query_status: 'ok', sha256_hash: SHA256, signature: 'BumbleBee' },
  ],
  [
    'malwarebazaar',
    '/api/v1/',
    form({ query: 'get_info', hash: SHA256 }),
    200,
    { query_status: 'ok', data: [{ sha256_hash: SHA256, signature: 'BumbleBee' }] },
  ],
  [
    'threatfox',
    '/api/v1/',
    json({ query: 'search_ioc', search_term: C2 }),
    200,
    { query_status: 'ok', data: [{ ioc: `${C2}:443`, ioc_type: 'ip:port', confidence_level: 100 }] },
  ],
  [
    'threatfox',
    '/api/v1/',
    json({ query: 'search_hash', hash: SHA256 }),
    200,
    { query_status: 'ok', data: [{ threat_type: 'payload', first_seen: expect.stringMatching(/ UTC$/) }] },
  ],
  [
    'hashlookup',
    `/lookup/sha256/${SEVEN_ZIP}`,
    {},
    200,
    { FileName: '7z.exe', 'SHA-256': SEVEN_ZIP.toUpperCase(), 'hashlookup:trust': 85 },
  ],
  ['rdap', `/ip/${C2}`, {}, 200, { objectClassName: 'ip network', country: 'RU' }],
  [
    'rdap',
    `/domain/${DOMAIN}`,
    {},
    200,
    { objectClassName: 'domain', ldhName: DOMAIN, events: [{ eventAction: 'registration' }, {}, {}] },
  ],
  [
    'misp',
    '/attributes/restSearch',
    json({ returnFormat: 'json', value: C2 }),
    200,
    { response: { Attribute: [{ value: C2, type: 'ip-dst', Event: { info: 'BumbleBee infrastructure' } }] } },
  ],
])('%s knows what is planted: %s', async (...given) => {
  const [provider, path, sent, status, body] = given;
  const answer = await ask(simulator, provider, path, sent);
  expect(answer).toMatchObject({ status, body });
});

const UNKNOWN: readonly Case[] = [
  [
    'virustotal',
    `/api/v3/files/${NEVER_SEEN}`,
    {},
    404,
    { error: { code: 'NotFoundError', message: `File "${NEVER_SEEN}" not found` } },
  ],
  [
    'virustotal',
    `/api/v3/ip_addresses/${QUIET}`,
    {},
    200,
    { data: { attributes: { last_analysis_stats: { malicious: 0, undetected: 0, harmless: 0 } } } },
  ],
  [
    'abuseipdb',
    `/api/v2/check?ipAddress=${QUIET}`,
    {},
    200,
    { data: { abuseConfidenceScore: 0, totalReports: 0, lastReportedAt: null } },
  ],
  ['greynoise', `/v3/community/${QUIET}`, {}, 404, { ip: QUIET, noise: false, riot: false }],
  ['internetdb', `/${QUIET}`, {}, 404, { detail: 'No information available' }],
  ['urlscan', '/api/v1/search/?q=page.domain:nobody.example.net', {}, 200, { results: [], total: 0 }],
  ['otx', `/api/v1/indicators/IPv4/${QUIET}/general`, {}, 200, { pulse_info: { count: 0, pulses: [] } }],
  ['urlhaus', '/v1/url/', form({ url: PAGE }), 200, { query_status: 'no_results' }],
  [
    'malwarebazaar',
    '/api/v1/',
    form({ query: 'get_info', hash: NEVER_SEEN }),
    200,
    { query_status: 'hash_not_found' },
  ],
  [
    'threatfox',
    '/api/v1/',
    json({ query: 'search_ioc', search_term: QUIET }),
    200,
    { query_status: 'no_result', data: 'Your search did not yield any results' },
  ],
  ['hashlookup', `/lookup/sha1/${SHA1}`, {}, 404, { message: 'Non existing SHA-1', query: SHA1 }],
  ['rdap', `/ip/${QUIET}`, {}, 404, { errorCode: 404 }],
  ['misp', '/attributes/restSearch', json({ value: QUIET }), 200, { response: { Attribute: [] } }],
];

test.each(UNKNOWN)('%s has never heard of anything else: %s', async (...given) => {
  const [provider, path, sent, status, body] = given;
  expect(await ask(simulator, provider, path, sent)).toMatchObject({ status, body });
});

test('every provider has its own way of not knowing', () => {
  expect(new Set(UNKNOWN.map(([provider]) => provider))).toEqual(new Set(PROVIDER_NAMES));
});

const ASKED = new Map(UNKNOWN.map(([provider, path, sent]) => [provider, { path, sent }]));

test.each<readonly [ProviderName, number, unknown, number, unknown]>([
  [
    'virustotal',
    401,
    { error: { code: 'AuthenticationRequiredError' } },
    401,
    { error: { code: 'WrongCredentialsError' } },
  ],
  ['abuseipdb', 401, { errors: [{ status: 401 }] }, 401, { errors: [{ status: 401 }] }],
  ['greynoise', 404, { noise: false }, 401, { message: 'unauthorized' }],
  ['urlscan', 200, { total: 0 }, 401, { status: 401 }],
  ['otx', 403, { detail: 'Authentication required' }, 403, { detail: 'Invalid API key' }],
  ['urlhaus', 401, { error: 'Unauthorized' }, 403, { query_status: 'unknown_auth_key' }],
  ['malwarebazaar', 401, { error: 'Unauthorized' }, 403, { query_status: 'unknown_auth_key' }],
  ['threatfox', 401, { error: 'Unauthorized' }, 403, { query_status: 'unknown_auth_key' }],
  ['misp', 403, { url: '/attributes/restSearch' }, 403, { url: '/attributes/restSearch' }],
])('%s refuses a wrong key, and none where it needs one', async (...given) => {
  const [provider, none, noneBody, wrong, wrongBody] = given;
  const { path, sent } = ASKED.get(provider) ?? { path: '', sent: {} };
  expect(await ask(simulator, provider, path, { ...sent, key: '' })).toMatchObject({
    status: none,
    body: noneBody,
  });
  expect(await ask(simulator, provider, path, { ...sent, key: 'mine' })).toMatchObject({
    status: wrong,
    body: wrongBody,
  });
});

test.each<Case>([
  ['virustotal', '/api/v3/urls/bm90IGEgdXJs', {}, 400, { error: { code: 'InvalidArgumentError' } }],
  [
    'abuseipdb',
    '/api/v2/check?ipAddress=contoso.com',
    {},
    422,
    { errors: [{ source: { parameter: 'ipAddress' } }] },
  ],
  ['greynoise', '/v3/community/nobody', {}, 400, { message: expect.any(String) }],
  ['internetdb', '/nobody', {}, 422, { detail: [{ loc: ['path', 'ip'] }] }],
  ['urlscan', '/api/v1/search/', {}, 400, { status: 400 }],
  ['otx', '/api/v1/indicators/planet/mars/general', {}, 400, { detail: expect.any(String) }],
  ['urlhaus', '/v1/host/', form({ host: 'nobody' }), 200, { query_status: 'invalid_host' }],
  [
    'malwarebazaar',
    '/api/v1/',
    form({ query: 'get_info', hash: 'abc' }),
    200,
    { query_status: 'illegal_hash' },
  ],
  ['threatfox', '/api/v1/', json({ query: 'search_ioc' }), 200, { query_status: 'unknown_operation' }],
  ['hashlookup', `/lookup/sha1/${SHA256}`, {}, 400, { message: expect.stringMatching(/SHA-1/) }],
  ['rdap', '/ip/nobody', {}, 400, { errorCode: 400 }],
  ['misp', '/attributes/restSearch', json({}), 200, { response: { Attribute: [] } }],
])('%s says so where it cannot be asked that: %s', async (...given) => {
  const [provider, path, sent, status, body] = given;
  expect(await ask(simulator, provider, path, sent)).toMatchObject({ status, body });
});

test('a form may come in parts', async () => {
  const body = [
    '--x\r\nContent-Disposition: form-data; name="query"\r\n\r\nget_info\r\n',
    `--x\r\nContent-Disposition: form-data; name="hash"\r\n\r\n${SHA256}\r\n--x--\r\n`,
  ].join('');
  const sent = { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body };
  const answer = await ask(simulator, 'malwarebazaar', '/api/v1/', sent);
  expect(answer.body).toMatchObject({ query_status: 'ok' });
});

test('nothing in an answer speaks of Azure', async () => {
  const { headers } = await ask(simulator, 'internetdb', `/${C2}`);
  expect(Object.keys(headers).filter((name) => name.startsWith('x-ms'))).toEqual([]);
});
