import { type Queryable, run } from './pool.ts';

/** What the graph is to be told: a row that it is to read again, or a key that is now another entity's name. */
export type GraphChange =
  | { readonly kind: 'incident' | 'entity'; readonly ref: string }
  | { readonly kind: 'merged'; readonly ref: string; readonly intoId: number };

export const incidentChange = ({ incidentId }: { readonly incidentId: string }): GraphChange => ({
  kind: 'incident',
  ref: incidentId,
});

export const entityChange = (id: number): GraphChange => ({ kind: 'entity', ref: String(id) });

const TELL = `INSERT INTO graph_change (kind, ref, into_id)
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])`;

/** In the transaction of the change. */
export async function tellGraph(db: Queryable, changes: readonly GraphChange[]): Promise<void> {
  if (changes.length === 0) return;
  const values = [
    changes.map(({ kind }) => kind),
    changes.map(({ ref }) => ref),
    changes.map((change) => (change.kind === 'merged' ? change.intoId : null)),
  ];
  await run(db, { name: 'tell-graph', text: TELL, values });
}

const TELL_ALL = `INSERT INTO graph_change (kind, ref) VALUES ('all', '')`;

/** For what every incident of a workspace shows: the graph is written anew, beside whoever asks it. */
export async function tellWholeGraph(db: Queryable): Promise<void> {
  await run(db, { text: TELL_ALL });
}
