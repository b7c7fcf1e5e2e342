import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testGraph, until } from '@socmate/testing';
import { blastRadius } from './blast-radius.ts';
import { ensureGraph } from './ensure-graph.ts';
import { createGraph, type Graph } from './graph.ts';
import type { GraphBatch, GraphEntity, GraphIncident, GraphRelation } from './graph-batch.ts';
import { hubs } from './hubs.ts';
import { incidentHistory } from './incident-history.ts';
import { HUB_DEGREE } from './labels.ts';
import { neighbourhood } from './neighbourhood.ts';
import { relatedIncidents } from './related-incidents.ts';
import { sharedEntities } from './shared-entities.ts';
import { shortestPath } from './shortest-path.ts';
import { StaleRevision, writeGraph } from './write-graph.ts';

// All tests of a run share the graph: everything here has names of its own.
const own = randomBytes(4).toString('hex');
const seen = { first_seen: 1_700_000_000_000, last_seen: 1_700_000_060_000 };
const HUB_INCIDENTS = HUB_DEGREE + 50;
let graph: Graph;

const keyOf = (type: string, name: string): string => `${type}:${name}.${own}`;

const entity = (type: GraphEntity['type'], name: string, only: Partial<GraphEntity> = {}): GraphEntity => ({
  key: keyOf(type, name),
  type,
  value: `${name}.${own}`,
  strength: 'strong',
  aliases: [keyOf(type, name)],
  verdict: null,
  risk: null,
  ...seen,
  ...only,
});

const incidentKey = (name: string): string => `inc_${own}_${name}`;

const incident = (
  name: string,
  entities: readonly GraphEntity[],
  only: Partial<GraphIncident> = {},
): GraphIncident => ({
  key: incidentKey(name),
  number: 1,
  provider_id: `prv_${own}`,
  provider: 'soc',
  title: name,
  severity: 'high',
  status: 'new',
  classification: null,
  created_at: seen.first_seen,
  alerts: [],
  techniques: [],
  mentions: entities.map(({ key }) => ({ entity: key, role: '', count: 1, ...seen })),
  ...only,
});

const relation = (kind: GraphRelation['kind'], from: GraphEntity, to: GraphEntity): GraphRelation => ({
  kind,
  from: from.key,
  to: to.key,
  count: 1,
  providers: [`prv_${own}`],
  ...seen,
});

/** Under a revision above those of all others who write here. */
async function write(batch: Omit<GraphBatch, 'rev' | 'goneIncidents'>): Promise<void> {
  await until('it is written', async () => {
    const [writer] = await graph.read('MATCH (w:GraphWriter) RETURN w.rev AS rev', {}, { timeoutMs: 5_000 });
    const rev = Number(writer?.['rev'] ?? 0);
    return writeGraph(graph, { ...batch, rev, goneIncidents: [] }).then(
      () => true,
      (fault: unknown) => {
        if (!(fault instanceof StaleRevision)) throw fault;
        return false;
      },
    );
  });
}

const host = entity('host', 'pc');
const user = entity('user', 'anna');
const ip = entity('ip', 'rare');
const common = entity('hash', 'powershell');
const weak = entity('ip', 'weak', { strength: 'weak' });
const malware = entity('process', 'beacon');

beforeAll(async () => {
  graph = createGraph(testGraph());
  await ensureGraph(graph);
  const stories = [
    incident('a', [host, user, ip, common, weak]),
    incident('b', [ip, common, weak], { number: 2, classification: 'true_positive' }),
    incident('c', [common, weak], { number: 3 }),
    incident('d', [weak], { number: 4 }),
  ];
  const many = Array.from({ length: HUB_INCIDENTS }, (_, n) =>
    incident(`m${n}`, [common], { number: 100 + n, created_at: seen.first_seen + n * 1_000 }),
  );
  await write({
    entities: [host, user, ip, common, weak, malware],
    incidents: [...stories, ...many],
    relations: [
      relation('RAN_ON', malware, host),
      relation('SIGNED_IN_FROM', user, ip),
      relation('ASSOCIATED_WITH', user, host),
    ],
  });
}, 60_000);
afterAll(async () => {
  await graph.close();
});

const keysOf = (nodes: readonly { readonly properties: Readonly<Record<string, unknown>> }[]) =>
  nodes.map(({ properties }) => String(properties['key']));

test('what was read before a later writer passed is turned away, and changes nothing', async () => {
  const late = { entities: [entity('host', 'late')], incidents: [], relations: [], goneIncidents: [] };
  await expect(writeGraph(graph, { ...late, rev: -1 })).rejects.toThrow(StaleRevision);
  expect(await neighbourhood(graph, { entity: keyOf('host', 'late') }, {}, { depth: 1, limit: 5 })).toBe(
    undefined,
  );
});

test('related incidents count what is rare, not what is everywhere, nor weak names', async () => {
  const { items } = await relatedIncidents(graph, incidentKey('a'), { limit: 10 });
  const [first, ...others] = items;
  expect(first).toMatchObject({ number: 2, title: 'b', classification: 'true_positive' });
  expect(first?.shared.map(({ value }) => value)).toEqual([`rare.${own}`, `powershell.${own}`]);
  expect(others.every(({ score }) => score < (first?.score ?? 0) / 2)).toBe(true);
  const bounded = await relatedIncidents(graph, incidentKey('a'), { limit: 10, rows: 100 });
  expect(bounded.items.map(({ number }) => number)).toEqual([2]);
  expect(bounded.isTruncated).toBe(true);
});

test('a hub is answered within the limit, marked as cut, and not gone through', async () => {
  const at = await neighbourhood(graph, { entity: common.key }, {}, { depth: 3, limit: 50 });
  expect([at?.nodes.length, at?.isTruncated]).toEqual([50, true]);
  const beside = await neighbourhood(graph, { incident: incidentKey('c') }, {}, { depth: 3, limit: 500 });
  expect(keysOf(beside?.nodes ?? [])).toEqual(expect.arrayContaining([common.key, weak.key, ip.key]));
  expect(beside?.nodes.length).toBeLessThan(20);
  expect(beside?.isTruncated).toBe(true);
  const [top] = (await hubs(graph, HUB_DEGREE, 100)).filter(({ key }) => key === common.key);
  expect(top).toMatchObject({ type: 'hash', degree: HUB_INCIDENTS + 3, incidents: HUB_INCIDENTS + 3 });
});

test('a question that takes too long answers what it has and says so', async () => {
  const limits = { depth: 3, limit: 500, timeoutMs: 0 };
  const found = await neighbourhood(graph, { entity: user.key }, {}, limits);
  expect([found?.nodes, found?.isTruncated]).toEqual([[], true]);
});

test('the history of an entity is its incidents, the newest first, bounded', async () => {
  const { items, isTruncated } = await incidentHistory(graph, common.key, { limit: 5 });
  expect(items.map(({ title }) => title)).toEqual([1, 2, 3, 4, 5].map((back) => `m${HUB_INCIDENTS - back}`));
  expect(isTruncated).toBe(true);
  const whole = await incidentHistory(graph, ip.key, { limit: 5 });
  expect([whole.items.length, whole.isTruncated]).toEqual([2, false]);
});

test('two incidents share what both name, the rarest first', async () => {
  const { items } = await sharedEntities(graph, [incidentKey('a'), incidentKey('b')], 10);
  expect(items.map(({ key }) => key)).toEqual([ip.key, weak.key, common.key]);
});

test('the blast radius of a host is what ran on it and who used it, not its incidents', async () => {
  const found = await blastRadius(graph, host.key, {}, 100);
  expect(new Set(keysOf(found?.nodes ?? []))).toEqual(new Set([ip.key, malware.key, user.key]));
});

test('a path does not lead through a hub, and says that there may be one', async () => {
  const ends = [{ incident: incidentKey('m1') }, { entity: malware.key }] as const;
  const none = await shortestPath(graph, ends, {}, { maxDepth: 6 });
  expect([none?.nodes, none?.isTruncated]).toEqual([[], true]);
  const there = await shortestPath(graph, [{ incident: incidentKey('b') }, ends[1]], {}, { maxDepth: 6 });
  expect(keysOf(there?.nodes ?? [])).toHaveLength(5);
});
