import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EntityType } from '@socmate/contracts';
import { createGraphChanges, createPool, type Pool, storeReadings } from '@socmate/database';
import { isWeakKey, rankAliases } from '@socmate/entities';
import type { Route } from '@socmate/http';
import { createGraph, ensureGraph, type Graph, StaleRevision, writeGraph } from '@socmate/knowledge-graph';
import { anIncident, aProvider, testGraph, until } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';
import { allRoutes } from './routes/all-routes.ts';
import type { RouteDeps } from './routes/route-deps.ts';

const ROOT = '/api/v1/graph';
const neo4j = testGraph();

// The graph is shared by all tests of a run: everything here has names of its own.
const unique = randomBytes(4).toString('hex');
const domain = `${unique}.com`;
const [a, b, c] = [...randomBytes(3)];
const IP = `45.${a}.${b}.${c}`;
const IPV6 = `2a03:${unique.slice(0, 4)}::${unique.slice(4)}`.replace(/([:])0+(?=[0-9a-f])/g, '$1');
const USER = ['user:anna@' + domain, `user:${unique}\\anna`];
const HOST = `host:pc1.${domain}`;
const WEAK_HOST = 'host:pc9';

let gateway: GatewayUnderTest;
let pool: Pool;
let graph: Graph;
let providers: { id: string; name: string }[];
const numbers: number[] = [];

const anEntity = (...aliases: string[]) => {
  const ranked = rankAliases(aliases);
  const key = ranked[0] ?? '';
  return {
    type: key.slice(0, key.indexOf(':')) as EntityType,
    value: key.slice(key.indexOf(':') + 1),
    key,
    strength: isWeakKey(key) ? ('weak' as const) : ('strong' as const),
    aliases: ranked,
    attributes: {},
    source: 'sentinel' as const,
    confidence: 1,
  };
};

interface Story {
  readonly provider: number;
  readonly entities: readonly string[][];
}

const weakHost = (provider: number): string => `${WEAK_HOST}@${providers[provider]?.id}`;

/** Three incidents of two workspaces: the first two share an address, the last two a host. */
const stories = (): Story[] => [
  { provider: 0, entities: [[`ip:${IP}`], USER, [`ip:${IPV6}`], [weakHost(0)]] },
  { provider: 0, entities: [[`ip:${IP}`], [`domain:evil.${domain}`], [HOST]] },
  { provider: 1, entities: [[HOST], [`url:https://evil.${domain}/a/b`], [weakHost(1)]] },
];

async function tell({ provider: index, entities: names }: Story): Promise<void> {
  const provider = providers[index];
  if (!provider) throw new Error('no such provider');
  const { id, number } = await anIncident(pool, { provider_id: provider.id, title: `story ${unique}` });
  numbers.push(number);
  const entities = names.map((aliases) => anEntity(...aliases));
  const seen = { firstSeen: new Date(1_700_000_000_000), lastSeen: new Date(1_700_000_360_000) };
  await storeReadings(pool, [{ incidentId: id, ...seen, entities, relations: [] }]);
  const times = { first_seen: seen.firstSeen.getTime(), last_seen: seen.lastSeen.getTime() };
  const incident = {
    key: id,
    number,
    provider_id: provider.id,
    provider: provider.name,
    title: `story ${unique}`,
    severity: 'high',
    status: 'new',
    classification: null,
    created_at: times.first_seen,
    alerts: [{ key: `alr_${id}`, title: 'alert', severity: 'high', product: null, provider_id: provider.id }],
    techniques: [],
    mentions: entities.map(({ key }) => ({ entity: key, role: '', count: 1, ...times })),
  };
  const written = entities.map(({ key, type, value, strength, aliases }) => ({
    key,
    type,
    value,
    strength,
    aliases,
    ...times,
    verdict: null,
    risk: null,
  }));
  await until('it is written', async () => {
    const rev = await createGraphChanges(pool).nextRevision();
    const batch = { rev, entities: written, incidents: [incident], relations: [], goneIncidents: [] };
    return writeGraph(graph, batch).then(
      () => true,
      (fault: unknown) => {
        if (!(fault instanceof StaleRevision)) throw fault;
        return false;
      },
    );
  });
}

beforeAll(async () => {
  const env = {
    NEO4J_URI: neo4j.uri,
    NEO4J_USER: neo4j.user,
    NEO4J_PASSWORD: neo4j.password,
  };
  gateway = await startGatewayUnderTest(env);
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
  providers = [await aProvider(pool, { is_default: true }), await aProvider(pool)];
  graph = createGraph(neo4j);
  await ensureGraph(graph);
  for (const story of stories()) await tell(story);
}, 60_000);
afterAll(async () => {
  await graph.close();
  await pool.end();
  await gateway.close();
});

interface Row {
  /** What it answers well. */
  readonly good: () => string;
  readonly unknown: () => readonly string[];
  readonly bad: () => readonly string[];
}

const bounds = ['depth=0', 'depth=4', 'limit=0', 'limit=501', 'relation=LIKES', 'nope=1', 'provider='];
const asked = (path: string, queries: readonly string[]) => queries.map((query) => `${path}?${query}`);

const rows: Readonly<Record<string, Row>> = {
  [`${ROOT}/entity/{value}`]: {
    good: () => `${ROOT}/entity/${IP}?depth=3&relation=involves&limit=10`,
    unknown: () => [
      `${ROOT}/entity/unknown.${domain}`,
      `${ROOT}/entity/${IP}?type=host`,
      `${ROOT}/entity/%20-`,
    ],
    bad: () => [
      ...asked(`${ROOT}/entity/${IP}`, [...bounds, 'type=vehicle', 'provider=nobody']),
      `${ROOT}/entity/%00`,
      `${ROOT}/entity/${'a'.repeat(2_049)}`,
    ],
  },
  [`${ROOT}/entity`]: {
    good: () => `${ROOT}/entity?value=${encodeURIComponent(`hxxps://EVIL[.]${domain}/a/b`)}`,
    unknown: () => [`${ROOT}/entity?value=unknown.${domain}`],
    bad: () => [`${ROOT}/entity`, ...asked(`${ROOT}/entity`, ['value=', `value=${IP}&depth=9`, 'value=%00'])],
  },
  [`${ROOT}/incident/{number}`]: {
    good: () => `${ROOT}/incident/${numbers[0]}?depth=2`,
    unknown: () => [`${ROOT}/incident/999999`, `${ROOT}/incident/${numbers[0]}?provider=nobody`],
    bad: () => [`${ROOT}/incident/one`, ...asked(`${ROOT}/incident/${numbers[0]}`, bounds)],
  },
  [`${ROOT}/incident/{number}/related`]: {
    good: () => `${ROOT}/incident/${numbers[0]}/related`,
    unknown: () => [`${ROOT}/incident/999999/related`],
    bad: () => [
      `${ROOT}/incident/one/related`,
      ...asked(`${ROOT}/incident/${numbers[0]}/related`, ['limit=101', 'depth=1']),
    ],
  },
  [`${ROOT}/path`]: {
    good: () => `${ROOT}/path?from=${IP}&to=incident:${numbers[2]}`,
    unknown: () => [`${ROOT}/path?from=${IP}&to=incident:999999`, `${ROOT}/path?from=u.${domain}&to=${IP}`],
    bad: () =>
      asked(`${ROOT}/path`, [
        `from=${IP}`,
        `from=${IP}&to=${IP}&max_depth=7`,
        `from=%00&to=${IP}`,
        `from=incident:one&to=${IP}`,
        `from=${IP}&to=incident:`,
      ]),
  },
};

const routes = allRoutes({} as RouteDeps).filter(({ path }) => path.startsWith(ROOT));

test('there is a row for every route, and none for what is no route', () => {
  expect(Object.keys(rows).toSorted()).toEqual(routes.map(({ path }: Route) => path).toSorted());
});

describe.each(Object.entries(rows))('%s', (_, { good, unknown, bad }) => {
  test('answers, also to whom it should not: 200, 401, 403, 404, 422', async () => {
    expect((await gateway.ask('GET', good())).status).toBe(200);
    expect((await gateway.ask('GET', good(), { key: null })).status).toBe(401);
    const { apiKey } = await gateway.keyWith(['incidents:read', 'search:read']);
    expect((await gateway.ask('GET', good(), { key: apiKey })).status).toBe(403);
    for (const path of unknown())
      expect([path, (await gateway.ask('GET', path)).status]).toEqual([path, 404]);
    for (const path of bad()) expect([path, (await gateway.ask('GET', path)).status]).toEqual([path, 422]);
  });
});

const read = async (path: string, key = gateway.adminKey) => {
  const { status, json } = await gateway.ask('GET', ROOT + path, { key });
  expect([path, status]).toEqual([path, 200]);
  return json;
};

test('whatever name an entity is asked by, the same one is found', async () => {
  const upn = `anna@${domain}`;
  const named: Record<string, string[]> = {
    [`ip:${IP}`]: [IP, IP.replace('.', '[.]'), IP.replaceAll('.', '(dot)'), `ip:${IP}`, ` ${IP} `],
    [`domain:evil.${domain}`]: [`evil.${domain}`, `EVIL.${domain.toUpperCase()}`, `evil[.]${domain}`],
    [USER[0] ?? '']: [
      upn,
      upn.toUpperCase(),
      `${unique}\\anna`,
      `${unique.toUpperCase()}\\Anna`,
      USER[1] ?? '',
    ],
    [`ip:${IPV6}`]: [IPV6, IPV6.toUpperCase(), expanded(IPV6)],
    [HOST]: [`pc1.${domain}`, `PC1.${domain}`],
  };
  for (const [key, values] of Object.entries(named)) {
    for (const value of values) {
      const { entity } = await read(`/entity/${encodeURIComponent(value)}`);
      expect([value, entity.key]).toEqual([value, key]);
    }
  }
});

/** Every group of an address that leaves some out. */
function expanded(address: string): string {
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)]
    .map((group) => group.padStart(4, '0'))
    .join(':');
}

test('a name that means something in one workspace alone is of the default one or the named', async () => {
  for (const [index, query] of [
    [0, ''],
    [1, `?provider=${providers[1]?.name}`],
  ] as const) {
    const { entity } = await read(`/entity/pc9${query}`);
    expect(entity.key).toBe(weakHost(index));
    const written = await read(`/entity/${WEAK_HOST}@${providers[index]?.name}`);
    expect(written.entity.key).toBe(weakHost(index));
  }
});

test('what surrounds an entity grows with depth, keeps to relations and says when it is cut', async () => {
  const near = await read(`/entity/${IP}`);
  expect(near.nodes.map(({ kind }: { kind: string }) => kind)).toEqual(['incident', 'incident']);
  expect(near.entity).toMatchObject({ type: 'ip', value: IP, incidents: 2, sessions: 0 });
  expect(near.edges[0]).toMatchObject({ relation: 'INVOLVES', to: `ip:${IP}`, count: 1 });
  expect(near.truncated).toBe(false);
  const far = await read(`/entity/${IP}?depth=2`);
  const keys = far.nodes.map(({ key }: { key: string }) => key);
  expect(keys).toEqual(expect.arrayContaining([HOST, USER[0], `domain:evil.${domain}`]));
  const along = await read(`/entity/${IP}?depth=2&relation=HAS_ALERT`);
  expect(along.nodes).toEqual([]);
  const cut = await read(`/entity/${IP}?depth=2&limit=3`);
  expect([cut.nodes.length, cut.truncated]).toEqual([3, true]);
});

test('related incidents name what is shared, and a path leads through it', async () => {
  const { items, incident } = await read(`/incident/${numbers[0]}/related`);
  expect(incident.number).toBe(numbers[0]);
  expect(items).toMatchObject([{ number: numbers[1], shared: [{ type: 'ip', value: IP, incidents: 2 }] }]);
  expect(items[0].score).toBeGreaterThan(0);
  const found = await read(`/path?from=anna@${domain}&to=${HOST}`);
  expect(found.length).toBe(4);
  expect(found.nodes.map(({ kind }: { kind: string }) => kind).join()).toBe(
    'entity,incident,entity,incident,entity',
  );
  expect(found.edges).toHaveLength(4);
  const short = await read(`/path?from=anna@${domain}&to=${HOST}&max_depth=3`);
  expect([short.length, short.nodes]).toEqual([null, []]);
});

test('a key that is limited to a workspace sees nothing of the others', async () => {
  const { apiKey } = await gateway.keyWith(['graph:read'], { providers: [providers[1]?.id] });
  const statusOf = async (path: string) => (await gateway.ask('GET', ROOT + path, { key: apiKey })).status;
  for (const name of [IP, weakHost(0), `${WEAK_HOST}@${providers[0]?.name}`])
    expect(await statusOf(`/entity/${name}`)).toBe(404);
  expect(await statusOf(`/incident/${numbers[0]}`)).toBe(404);
  const { entity, nodes } = await read(`/entity/pc1.${domain}?depth=3`, apiKey);
  expect(entity).toMatchObject({ incidents: 1, first_seen: null, last_seen: null });
  const entityNodes = nodes.filter(({ kind }: { kind: string }) => kind === 'entity');
  expect(entityNodes.length).toBeGreaterThan(0);
  for (const { degree, properties } of entityNodes) {
    expect([degree, properties.incidents, properties.first_seen]).toEqual([null, undefined, undefined]);
    expect(JSON.stringify(properties)).not.toContain(providers[0]?.id);
  }
  const incidents = nodes.filter(({ kind }: { kind: string }) => kind === 'incident');
  expect(incidents.map((node: { properties: { number: number } }) => node.properties.number)).toEqual([
    numbers[2],
  ]);
  expect((await read(`/incident/${numbers[2]}/related`, apiKey)).items).toEqual([]);
});

test.each([
  ['that is away', { NEO4J_URI: 'bolt://127.0.0.1:1' }],
  ['that nobody configured', undefined],
])('a graph %s is 503 with Retry-After, and nothing else fails', async (_, env) => {
  const other = await startGatewayUnderTest(env);
  const db = createPool(other.config.DATABASE_URL, { size: 1, name: 'test' });
  try {
    const provider = await aProvider(db, { is_default: true });
    const { number } = await anIncident(db, { provider_id: provider.id });
    const answer = await other.ask('GET', `${ROOT}/incident/${number}`);
    expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await other.ask('GET', `/api/v1/incidents/${number}`)).status).toBe(200);
  } finally {
    await db.end();
    await other.close();
  }
});
