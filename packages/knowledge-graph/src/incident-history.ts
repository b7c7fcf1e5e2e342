import { type Graph, whole } from './graph.ts';

export interface IncidentInHistory {
  readonly number: number;
  readonly provider: string;
  readonly title: string;
  readonly severity: string;
  readonly status: string;
  readonly classification: string | null;
  readonly created_at: number;
  readonly role: string;
  readonly first_seen: number;
  readonly last_seen: number;
}

export interface HistoryLimits {
  readonly providerIds?: readonly string[] | undefined;
  readonly limit: number;
  readonly rows?: number;
  readonly timeoutMs?: number;
}

const ROWS = 10_000;
const TIMEOUT_MS = 2_000;

const HISTORY = `MATCH (e:Entity {key: $key})
  CALL (e) { MATCH (e)<-[r:INVOLVES]-(i:Incident) RETURN r, i LIMIT $rows }
  WITH r, i WHERE $providers IS NULL OR i.provider_id IN $providers
  RETURN i.number AS number, i.provider AS provider, i.title AS title, i.severity AS severity, i.status AS status,
    i.classification AS classification, i.created_at AS created_at, coalesce(r.role, '') AS role, r.first_seen AS first_seen, r.last_seen AS last_seen
  ORDER BY created_at DESC, number DESC LIMIT $limit`;

const COUNT = 'MATCH (e:Entity {key: $key}) RETURN e.incidents AS incidents';

/** The incidents of an entity, the newest first; of a hub's, those that were stored last. */
export async function incidentHistory(
  graph: Graph,
  key: string,
  { providerIds, limit, rows = ROWS, timeoutMs = TIMEOUT_MS }: HistoryLimits,
): Promise<{ items: readonly IncidentInHistory[]; isTruncated: boolean }> {
  const parameters = { key, providers: providerIds ?? null, rows: whole(rows), limit: whole(limit + 1) };
  const items = (await graph.read(HISTORY, parameters, { timeoutMs })) as unknown as IncidentInHistory[];
  const [counted] = await graph.read(COUNT, { key }, { timeoutMs });
  const isTruncated = items.length > limit || Number(counted?.['incidents'] ?? 0) > rows;
  return { items: items.slice(0, limit), isTruncated };
}
