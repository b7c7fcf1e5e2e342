import type { Entity, EntityType, RelationKind } from '@socmate/contracts';
import { createPool, type IncidentSightings, type Pool, storeReadings } from '@socmate/database';
import { isWeakKey, rankAliases } from '@socmate/entities';
import type { Graph } from '@socmate/knowledge-graph';
import { anIncident, aProvider, cloneDatabase } from '@socmate/testing';

/** A number below the limit, the same sequence for a seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) % below;
  };
}

export function anEntity(aliases: readonly string[]): Entity {
  const ranked = rankAliases(aliases);
  const key = ranked[0] ?? '';
  return {
    type: key.slice(0, key.indexOf(':')) as EntityType,
    value: key.slice(key.indexOf(':') + 1),
    key,
    strength: isWeakKey(key) ? 'weak' : 'strong',
    aliases: ranked,
    attributes: {},
    source: 'sentinel',
    confidence: 1,
  };
}

const KINDS: readonly RelationKind[] = ['SIGNED_IN_FROM', 'ASSOCIATED_WITH', 'CONNECTED_TO'];
const PEOPLE = 12;

/** A person under some of the names; two readings that name others of them are joined by a third. */
const namesOf = (person: number): string[] => [
  `user:person${person}@contoso.com`,
  `user:entra:00000000-0000-4000-8000-${String(person).padStart(12, '0')}`,
  `user:contoso\\person${person}`,
];

/** What incidents name, from a seed: people under changing names, addresses that many share, hosts. */
export function randomSightings(incidentIds: readonly string[], seed: number): IncidentSightings[] {
  const random = createRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  return incidentIds.map((incidentId) => {
    const people = new Set(Array.from({ length: 1 + random(3) }, () => random(PEOPLE)));
    const users = [...people].map((person) => {
      const some = namesOf(person).filter(() => random(2) === 0);
      return anEntity(some.length > 0 ? some : namesOf(person).slice(0, 1));
    });
    const others = new Set(
      Array.from({ length: 1 + random(5) }, () =>
        random(2) === 0 ? `ip:45.155.205.${random(60)}` : `host:pc${random(40)}.contoso.com`,
      ),
    );
    const entities = [...users, ...[...others].map((key) => anEntity([key]))];
    const relations = Array.from({ length: random(4) }, () => ({
      from: pick(entities).key,
      to: pick(entities).key,
      kind: pick(KINDS),
    })).filter(({ from, to }) => from !== to);
    const firstSeen = new Date(Date.UTC(2026, 0, 1 + random(20)));
    return {
      incidentId,
      firstSeen,
      lastSeen: new Date(firstSeen.getTime() + 3_600_000),
      entities,
      relations,
    };
  });
}

export interface GraphRowsFixture {
  readonly pool: Pool;
  /** Incidents of one workspace, each with an alert and a technique. */
  incidents(count: number): Promise<string[]>;
  store(sightings: readonly IncidentSightings[]): Promise<void>;
  close(): Promise<void>;
}

export async function openGraphRows(): Promise<GraphRowsFixture> {
  const database = await cloneDatabase();
  const pool = createPool(database.url, { size: 6, name: 'test' });
  const provider = await aProvider(pool);
  let last = 0;
  const add = async (): Promise<string> => {
    last += 1;
    const id = `inc_${String(last).padStart(5, '0')}`;
    await anIncident(pool, { id, provider_id: provider.id });
    await pool.query('INSERT INTO alert (id, provider_id, system_alert_id, raw) VALUES ($1, $2, $1, $3)', [
      `alr_${id}`,
      provider.id,
      { properties: { alertDisplayName: `alert of ${id}`, severity: 'High' } },
    ]);
    await pool.query('INSERT INTO incident_alert (incident_id, alert_id) VALUES ($1, $2)', [id, `alr_${id}`]);
    await pool.query('INSERT INTO incident_reading (incident_id, techniques) VALUES ($1, $2)', [
      id,
      [last % 2 === 0 ? 'T1078' : 'T1059.001'],
    ]);
    return id;
  };
  return {
    pool,
    incidents: async (count) => {
      const ids: string[] = [];
      for (let made = 0; made < count; made += 1) ids.push(await add());
      return ids;
    },
    store: async (sightings) => {
      for (let at = 0; at < sightings.length; at += 5) await storeReadings(pool, sightings.slice(at, at + 5));
    },
    close: async () => {
      await pool.end();
      await database.drop();
    },
  };
}

const NODES = `MATCH (n:Entity|Incident|Alert|Technique)
  RETURN labels(n) AS labels, properties(n) AS properties ORDER BY labels[0], n.key`;
const EDGES = `MATCH (a)-[r]->(b)
  RETURN a.key AS from, type(r) AS kind, b.key AS to, properties(r) AS properties ORDER BY from, kind, to`;

export interface GraphDump {
  readonly nodes: readonly unknown[];
  readonly edges: readonly unknown[];
}

interface Dumped {
  readonly labels?: string[];
  readonly properties: Record<string, unknown>;
}

/** Everything that the graph holds, but for the revisions. */
export async function dumpGraph(graph: Graph): Promise<GraphDump> {
  const ask = async (cypher: string): Promise<unknown[]> => {
    const found = (await graph.read(cypher, {}, { timeoutMs: 30_000 })) as unknown as Dumped[];
    return found.map(({ labels, properties: { rev: _rev, ...properties }, ...row }) => ({
      ...row,
      ...(labels && { labels: labels.toSorted() }),
      properties,
    }));
  };
  return { nodes: await ask(NODES), edges: await ask(EDGES) };
}

export async function emptyGraph(graph: Graph): Promise<void> {
  await graph.runAlone('MATCH (n) DETACH DELETE n');
}
