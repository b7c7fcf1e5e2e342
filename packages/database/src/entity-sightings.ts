import type { EntitySource } from '@socmate/contracts';
import { z } from 'zod';
import { type EntityGroup, type IncidentSightings, spanOf } from './entity-groups.ts';
import { JOIN_RELATION, JOIN_SIGHTING } from './entity-merges.ts';
import type { SeenSpan } from './entity-state.ts';
import { type Queryable, rows, run } from './pool.ts';

const SOURCES: readonly EntitySource[] = ['sentinel', 'alert', 'text'];

export interface EntitySighting {
  readonly incidentId: string;
  readonly group: EntityGroup;
  readonly source: EntitySource;
  readonly confidence: number;
  readonly span: SeenSpan;
  readonly count: number;
}

/** One row per incident and entity, in no order. */
export function sightingsOf(
  batch: readonly IncidentSightings[],
  groups: ReadonlyMap<string, EntityGroup>,
): EntitySighting[] {
  return batch.flatMap((one) => {
    const found = new Map<EntityGroup, EntitySighting>();
    for (const { key, source, confidence, count = 1 } of one.entities) {
      const group = groups.get(key);
      if (group === undefined) continue;
      const sighting = { incidentId: one.incidentId, group, source, confidence, span: spanOf(one), count };
      const known = found.get(group);
      found.set(group, known === undefined ? sighting : joinSightings(known, sighting));
    }
    return [...found.values()];
  });
}

function joinSightings(a: EntitySighting, b: EntitySighting): EntitySighting {
  const source = SOURCES.indexOf(a.source) <= SOURCES.indexOf(b.source) ? a.source : b.source;
  const confidence = Math.max(a.confidence, b.confidence);
  return { ...a, source, confidence, count: Math.max(a.count, b.count) };
}

export interface StatedRelation {
  readonly kind: string;
  readonly from: EntityGroup;
  readonly to: EntityGroup;
  readonly incidentId: string;
  readonly span: SeenSpan;
  readonly count: number;
}

/** Each once per incident; what turns out to relate an entity to itself is none. */
export function relationsOf(
  batch: readonly IncidentSightings[],
  groups: ReadonlyMap<string, EntityGroup>,
): StatedRelation[] {
  return batch.flatMap((one) => {
    const places = new Map<EntityGroup, number>();
    const placeOf = (group: EntityGroup): number => {
      const place = places.get(group) ?? places.size;
      places.set(group, place);
      return place;
    };
    const found = new Map<string, StatedRelation>();
    for (const { kind, from: fromName, to: toName, count = 1 } of one.relations) {
      const [from, to] = [groups.get(fromName), groups.get(toName)];
      if (from === undefined || to === undefined || from === to) continue;
      const name = `${kind} ${placeOf(from)} ${placeOf(to)}`;
      const most = Math.max(count, found.get(name)?.count ?? 0);
      found.set(name, { kind, from, to, incidentId: one.incidentId, span: spanOf(one), count: most });
    }
    return [...found.values()];
  });
}

/** The row that an entity has by now. */
export type RowOf = (group: EntityGroup) => number;

// In the order of the key, so that two who store the same never wait for each other in a circle.
const STORE_SIGHTINGS = `INSERT INTO incident_entity AS s
    (incident_id, entity_id, source, confidence, first_seen, last_seen, count)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::real[], $5::timestamptz[], $6::timestamptz[], $7::integer[])
    AS given (incident_id, entity_id, source, confidence, first_seen, last_seen, count)
  ORDER BY incident_id COLLATE "C", entity_id ${JOIN_SIGHTING}
  RETURNING s.incident_id, s.xmax = 0 AS is_new`;

const StoredRow = z.object({ incident_id: z.string(), is_new: z.boolean() });

/** Answers the incidents that name an entity which they did not name before. */
export async function storeSightings(
  db: Queryable,
  sightings: readonly EntitySighting[],
  rowOf: RowOf,
): Promise<string[]> {
  if (sightings.length === 0) return [];
  const values = [
    sightings.map(({ incidentId }) => incidentId),
    sightings.map(({ group }) => rowOf(group)),
    sightings.map(({ source }) => source),
    sightings.map(({ confidence }) => confidence),
    sightings.map(({ span }) => new Date(span.firstSeen)),
    sightings.map(({ span }) => new Date(span.lastSeen)),
    sightings.map(({ count }) => count),
  ];
  const stored = await rows(db, StoredRow, { name: 'store-sightings', text: STORE_SIGHTINGS, values });
  return [...new Set(stored.filter((row) => row.is_new).map((row) => row.incident_id))];
}

const STORE_RELATIONS = `INSERT INTO relation AS r (kind, from_id, to_id, source_ref, first_seen, last_seen, count)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::integer[])
    AS given (kind, from_id, to_id, source_ref, first_seen, last_seen, count)
  ORDER BY kind COLLATE "C", from_id, to_id, source_ref COLLATE "C" ${JOIN_RELATION}`;

export async function storeRelations(db: Queryable, relations: readonly StatedRelation[], rowOf: RowOf) {
  if (relations.length === 0) return;
  const values = [
    relations.map(({ kind }) => kind),
    relations.map(({ from }) => rowOf(from)),
    relations.map(({ to }) => rowOf(to)),
    relations.map(({ incidentId }) => incidentId),
    relations.map(({ span }) => new Date(span.firstSeen)),
    relations.map(({ span }) => new Date(span.lastSeen)),
    relations.map(({ count }) => count),
  ];
  await run(db, { name: 'store-relations', text: STORE_RELATIONS, values });
}
