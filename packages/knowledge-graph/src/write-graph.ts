import { createHash } from 'node:crypto';
import { RelationKind } from '@socmate/contracts';
import { AppError } from '@socmate/runtime';
import { type Graph, type GraphTransaction, type Integer, whole } from './graph.ts';
import type { GraphBatch, GraphEntity, GraphIncident, GraphRelation } from './graph-batch.ts';
import { ENTITY_LABELS, HUB_DEGREE } from './labels.ts';

/** Rows of one `UNWIND`. */
const CHUNK = 2_000;

// Setting a property takes the node's lock, whatever its value was (removing one that was never there does not): writers
// pass one after another, and one whose rows were read before those of a writer that has passed is turned away.
const PASS = `MATCH (w:GraphWriter {key: 'writer'}) SET w.passing = $rev WITH w, w.rev <= $rev AS passes
  FOREACH (_ IN CASE WHEN passes THEN [1] ELSE [] END | SET w.rev = $rev) RETURN passes`;

// Most entities are there already as they are.
const UNCHANGED = `UNWIND $rows AS row MATCH (e:Entity {key: row.key}) USING INDEX SEEK e:Entity(key) WHERE e.digest = row.digest`;
const FIND_UNCHANGED = `${UNCHANGED} RETURN e.key AS key`;
const TOUCH_UNCHANGED = `${UNCHANGED} SET e.rev = row.rev RETURN e.key AS key`;

const ENTITIES = `UNWIND $rows AS row MERGE (e:Entity {key: row.key})
  ON CREATE SET e:$(row.label), e.sessions = 0, e.incidents = 0, e.degree = 0 SET e += row.properties`;

const INCIDENTS = `UNWIND $rows AS row MERGE (i:Incident {key: row.key}) SET i += row`;
const ALERTS = `UNWIND $rows AS row MERGE (a:Alert {key: row.key}) SET a += row`;
const TECHNIQUES = `UNWIND $rows AS row MERGE (t:Technique {key: row.key}) SET t += row`;

// A plan that was made while the graph was empty must not begin at the other end: each begins where the key is.
const DROP_MENTIONS = `UNWIND $rows AS row MATCH (i:Incident {key: row.key}) USING INDEX SEEK i:Incident(key)
  WITH i, row MATCH (i)-[r:INVOLVES]->(e) WHERE NOT e.key IN row.entities DELETE r RETURN DISTINCT e.key AS key`;

const DROP_OTHERS = `UNWIND $rows AS row MATCH (i:Incident {key: row.key}) USING INDEX SEEK i:Incident(key)
  WITH i, row MATCH (i)-[r:HAS_ALERT|USES]->(o) WHERE NOT o.key IN row.others DELETE r WITH DISTINCT o WHERE NOT EXISTS { (o)--() } DELETE o`;

const INVOLVES = `UNWIND $rows AS row MATCH (i:Incident {key: row.incident}) USING INDEX SEEK i:Incident(key)
  UNWIND row.mentions AS m MATCH (e:Entity {key: m.entity}) USING INDEX SEEK e:Entity(key)
  MERGE (i)-[r:INVOLVES]->(e) SET r += m.properties`;

const HAS_ALERT = `UNWIND $rows AS row MATCH (i:Incident {key: row.incident}) USING INDEX SEEK i:Incident(key)
  MATCH (a:Alert {key: row.other}) USING INDEX SEEK a:Alert(key) MERGE (i)-[:HAS_ALERT]->(a)`;
const USES = `UNWIND $rows AS row MATCH (i:Incident {key: row.incident}) USING INDEX SEEK i:Incident(key)
  MATCH (t:Technique {key: row.other}) USING INDEX SEEK t:Technique(key) MERGE (i)-[:USES]->(t)`;

const relationCypher = (kind: RelationKind): string => `UNWIND $rows AS row
  MATCH (a:Entity {key: row.from}) USING INDEX SEEK a:Entity(key)
  MATCH (b:Entity {key: row.to}) USING INDEX SEEK b:Entity(key) MERGE (a)-[r:${kind}]->(b)
  SET r.first_seen = row.first_seen, r.last_seen = row.last_seen, r.count = row.count, r.providers = row.providers, r.rev = row.rev`;

const COUNTS = `UNWIND $rows AS row MATCH (e:Entity {key: row}) USING INDEX SEEK e:Entity(key)
  WITH e, COUNT { (e)<-[:INVOLVES]-() } AS incidents, COUNT { (e)--() } AS degree
  WHERE e.incidents <> incidents OR e.degree <> degree SET e.incidents = incidents, e.degree = degree
  WITH e WHERE (e.degree >= ${HUB_DEGREE}) <> (e:Hub) RETURN e.key AS key`;

const MARK_HUBS = `UNWIND $rows AS row MATCH (e:Entity {key: row}) USING INDEX SEEK e:Entity(key)
  FOREACH (_ IN CASE WHEN e.degree >= ${HUB_DEGREE} THEN [1] ELSE [] END | SET e:Hub)
  FOREACH (_ IN CASE WHEN e.degree < ${HUB_DEGREE} THEN [1] ELSE [] END | REMOVE e:Hub)`;

const DELETE_INCIDENTS = `UNWIND $rows AS row MATCH (i:Incident {key: row}) USING INDEX SEEK i:Incident(key) WITH i
  OPTIONAL MATCH (i)-[:INVOLVES]->(e:Entity) WITH i, collect(e.key) AS entities
  OPTIONAL MATCH (i)-[:HAS_ALERT|USES]->(o) WITH i, entities, collect(o) AS others
  DETACH DELETE i
  FOREACH (o IN [o IN others WHERE NOT EXISTS { (o)--() }] | DELETE o) RETURN entities`;

/** Somebody who read later wrote already: read again, under a new revision. */
export class StaleRevision extends Error {
  override readonly name = 'StaleRevision';
}

/** Enters a transaction among those that write, and keeps the others out until its end. `unavailable` where `ensureGraph` is needed. */
export async function passAsWriter(transaction: GraphTransaction, rev: number): Promise<void> {
  const [writer] = await transaction.run(PASS, { rev: whole(rev) });
  if (!writer) throw new AppError('unavailable', 'the graph was emptied, and is to be filled anew');
  if (writer['passes'] !== true) throw new StaleRevision(`revision ${rev} is not the last one any more`);
}

async function inChunks(
  transaction: GraphTransaction,
  cypher: string,
  given: readonly unknown[],
): Promise<string[]> {
  const keys: string[] = [];
  for (let at = 0; at < given.length; at += CHUNK) {
    const answered = await transaction.run(cypher, { rows: given.slice(at, at + CHUNK) });
    for (const { key } of answered) if (typeof key === 'string') keys.push(key);
  }
  return keys;
}

/** Renews what entities say of their edges. */
export async function countEdges(transaction: GraphTransaction, keys: readonly string[]): Promise<void> {
  const changed = await inChunks(transaction, COUNTS, [...new Set(keys)].sort());
  await inChunks(transaction, MARK_HUBS, changed);
}

const byKey = <T extends { readonly key: string }>(items: readonly T[]): T[] =>
  [...new Map(items.map((item) => [item.key, item])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));

const digestOf = (entity: GraphEntity): string =>
  createHash('sha1').update(JSON.stringify(entity)).digest('base64').slice(0, 12);

function entityRow({ key, risk, ...entity }: GraphEntity, digest: string, rev: Integer) {
  const times = { first_seen: whole(entity.first_seen), last_seen: whole(entity.last_seen) };
  const properties = { ...entity, ...times, risk: risk === null ? null : whole(risk), digest, rev };
  return { key, label: ENTITY_LABELS[entity.type], properties };
}

async function writeEntities(
  transaction: GraphTransaction,
  given: readonly GraphEntity[],
  batch: GraphBatch,
) {
  const rev = whole(batch.rev);
  const entities = byKey(given).map((entity) => ({ entity, digest: digestOf(entity) }));
  const known = await inChunks(
    transaction,
    batch.touchesAll ? TOUCH_UNCHANGED : FIND_UNCHANGED,
    entities.map(({ entity: { key }, digest }) => ({ key, digest, ...(batch.touchesAll && { rev }) })),
  );
  const unchanged = new Set(known);
  const changed = entities.filter(({ entity }) => !unchanged.has(entity.key));
  await inChunks(
    transaction,
    ENTITIES,
    changed.map(({ entity, digest }) => entityRow(entity, digest, rev)),
  );
}

function incidentRow({ mentions: _m, alerts: _a, techniques: _t, ...incident }: GraphIncident, rev: number) {
  const { number, created_at } = incident;
  return { ...incident, number: whole(number), created_at: whole(created_at), rev: whole(rev) };
}

async function writeIncidentNodes(
  transaction: GraphTransaction,
  incidents: readonly GraphIncident[],
  rev: number,
): Promise<void> {
  const withRev = <T extends { readonly key: string }>(nodes: readonly T[]) =>
    byKey(nodes).map((node) => ({ ...node, rev: whole(rev) }));
  await inChunks(transaction, ALERTS, withRev(incidents.flatMap((each) => each.alerts)));
  await inChunks(transaction, TECHNIQUES, withRev(incidents.flatMap((each) => each.techniques)));
  const rows = incidents.map((incident) => incidentRow(incident, rev));
  await inChunks(transaction, INCIDENTS, rows);
}

/** An incident of very many mentions comes in several rows. */
function mentionRows({ key, mentions }: GraphIncident) {
  const rows = mentions.map(({ entity, role, ...mention }) => ({
    entity,
    properties: {
      role: role || null,
      first_seen: whole(mention.first_seen),
      last_seen: whole(mention.last_seen),
      count: whole(mention.count),
    },
  }));
  return Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, part) => ({
    incident: key,
    mentions: rows.slice(part * CHUNK, (part + 1) * CHUNK),
  }));
}

/** Answers the keys of the entities whose edges changed. */
async function writeIncidentEdges(
  transaction: GraphTransaction,
  incidents: readonly GraphIncident[],
): Promise<string[]> {
  const run = (cypher: string, rows: readonly unknown[]) => inChunks(transaction, cypher, rows);
  const linksOf = (kind: 'alerts' | 'techniques') =>
    incidents.flatMap((each) => each[kind].map(({ key }) => ({ incident: each.key, other: key })));
  const kept = incidents.map(({ key, alerts, techniques, ...each }) => ({
    key,
    entities: each.mentions.map(({ entity }) => entity),
    others: [...alerts, ...techniques].map((other) => other.key),
  }));
  const dropped = await run(DROP_MENTIONS, kept);
  await run(INVOLVES, incidents.flatMap(mentionRows));
  await run(HAS_ALERT, linksOf('alerts'));
  await run(USES, linksOf('techniques'));
  await run(DROP_OTHERS, kept);
  return [...dropped, ...kept.flatMap(({ entities }) => entities)];
}

async function writeIncidents(
  transaction: GraphTransaction,
  given: readonly GraphIncident[],
  rev: number,
): Promise<string[]> {
  const incidents = byKey(given);
  await writeIncidentNodes(transaction, incidents, rev);
  return writeIncidentEdges(transaction, incidents);
}

async function writeRelations(
  transaction: GraphTransaction,
  relations: readonly GraphRelation[],
  rev: number,
): Promise<string[]> {
  const groups = Map.groupBy(relations, ({ kind }) => kind);
  for (const kind of RelationKind.options) {
    const rows = (groups.get(kind) ?? []).map((each) => ({
      ...each,
      first_seen: whole(each.first_seen),
      last_seen: whole(each.last_seen),
      count: whole(each.count),
      rev: whole(rev),
    }));
    await inChunks(transaction, relationCypher(kind), rows);
  }
  return relations.flatMap(({ from, to }) => [from, to]);
}

async function deleteIncidents(transaction: GraphTransaction, keys: readonly string[]): Promise<string[]> {
  if (keys.length === 0) return [];
  const answered = await transaction.run(DELETE_INCIDENTS, { rows: keys });
  return answered.flatMap(({ entities }) => entities as string[]);
}

/**
 * Makes the graph say what a batch says, in one transaction: all of it, or nothing where it throws. Doing so twice
 * changes nothing more. Throws `StaleRevision` where the batch was read before one that was written already.
 */
export async function writeGraph(graph: Graph, batch: GraphBatch): Promise<void> {
  const { rev, entities, incidents, relations, goneIncidents } = batch;
  await graph.write(async (transaction) => {
    await passAsWriter(transaction, rev);
    await writeEntities(transaction, entities, batch);
    const touched = [
      ...(await deleteIncidents(transaction, goneIncidents)),
      ...(await writeIncidents(transaction, incidents, rev)),
      ...(await writeRelations(transaction, relations, rev)),
    ];
    await countEdges(transaction, touched);
  });
}
