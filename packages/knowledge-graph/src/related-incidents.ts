import { type Graph, whole } from './graph.ts';

export interface RelatedIncident {
  readonly number: number;
  readonly provider: string;
  readonly title: string;
  readonly severity: string;
  readonly status: string;
  readonly classification: string | null;
  /** Σ ln(N/df) over what the two share: the rarer, the more it says. */
  readonly score: number;
  /** The rarest first. */
  readonly shared: readonly { readonly type: string; readonly value: string; readonly incidents: number }[];
}

export interface RelatedIncidents {
  readonly items: readonly RelatedIncident[];
  readonly isTruncated: boolean;
}

export interface RelatedLimits {
  readonly providerIds?: readonly string[] | undefined;
  readonly limit: number;
  /** How many mentions are looked at, those of the rarest entities first. */
  readonly rows?: number;
  readonly timeoutMs?: number;
}

const ROWS = 20_000;
const TIMEOUT_MS = 2_000;
const ENTITIES_MAX = 2_000;
const SHARED_MAX = 20;

const ENTITIES = `MATCH (i:Incident {key: $key}) USING INDEX SEEK i:Incident(key) WITH i
  MATCH (i)-[:INVOLVES]->(e) WHERE e.strength = 'strong' AND e.incidents > 1
  RETURN e.key AS key, e.incidents AS df ORDER BY df, key LIMIT $limit`;

const TOTAL = 'MATCH (i:Incident) RETURN count(i) AS total';

const RELATED = `MATCH (i:Incident {key: $key}) USING INDEX SEEK i:Incident(key)
  UNWIND $entities AS entity MATCH (e:Entity {key: entity.key}) USING INDEX SEEK e:Entity(key)
  WITH i, e, entity MATCH (e)<-[:INVOLVES]-(o) WHERE o <> i AND ($providers IS NULL OR o.provider_id IN $providers)
  WITH o, sum(log(toFloat($total) / entity.df)) AS score, collect({ type: e.type, value: e.value, incidents: entity.df }) AS shared
  WHERE score > 0 ORDER BY score DESC, o.created_at DESC, o.key LIMIT $limit
  RETURN o.number AS number, o.provider AS provider, o.title AS title, o.severity AS severity, o.status AS status,
    o.classification AS classification, score, shared[0..${SHARED_MAX}] AS shared`;

interface Rarity {
  readonly key: string;
  readonly df: number;
}

/** As many of the rarest as their mentions are within the budget. */
function affordable(entities: readonly Rarity[], budget: number): Rarity[] {
  let left = budget;
  return entities.filter(({ df }) => {
    left -= df;
    return left >= 0;
  });
}

/** Incidents that share strong entities with one, those that share the rarest first. */
export async function relatedIncidents(
  graph: Graph,
  incidentId: string,
  { providerIds, limit, rows = ROWS, timeoutMs = TIMEOUT_MS }: RelatedLimits,
): Promise<RelatedIncidents> {
  const found = await graph.read(
    ENTITIES,
    { key: incidentId, limit: whole(ENTITIES_MAX + 1) },
    { timeoutMs },
  );
  const entities = found.slice(0, ENTITIES_MAX) as unknown as Rarity[];
  const taken = affordable(entities, rows);
  const [counted] = await graph.read(TOTAL, {}, { timeoutMs });
  const parameters = {
    key: incidentId,
    entities: taken.map(({ key, df }) => ({ key, df: whole(df) })),
    total: counted?.['total'] ?? 0,
    providers: providerIds ?? null,
    limit: whole(limit + 1),
  };
  const items = (await graph.read(RELATED, parameters, { timeoutMs })) as unknown as RelatedIncident[];
  const isTruncated = items.length > limit || taken.length < found.length;
  return { items: items.slice(0, limit), isTruncated };
}
