import type { IncidentChangesPage, IncidentChangesQuery } from '@socmate/contracts';
import type { ChangePosition, ProviderView } from '@socmate/database';
import { invalidField } from '@socmate/runtime';
import { z } from 'zod';
import { assertFresh, freshnessView } from './freshness.ts';
import { incidentView } from './incident-view.ts';
import type { ListIncidentsDeps } from './list-incidents.ts';

type ReadChanges = (query: IncidentChangesQuery, view: ProviderView) => Promise<IncidentChangesPage>;

const Content = z.tuple([z.string(), z.string()]);
const FOREIGN =
  'the cursor is ahead of this database, which was restored or replaced; start again without it';

/** One page of changes; `view` holds the workspaces that the caller may see and the query names. */
export function createReadChanges({ incidents, cursors, clock, publicUrl }: ListIncidentsDeps): ReadChanges {
  // To the workspace and not to its name, which may come to mean another.
  const boundTo = ({ provider }: IncidentChangesQuery, view: ProviderView): string =>
    JSON.stringify(['/api/v1/incidents/changes', provider === undefined ? null : view]);

  async function begin(query: IncidentChangesQuery, view: ProviderView): Promise<ChangePosition | null> {
    if (query.cursor === undefined) return query.from === 'now' ? incidents.changesFromNow() : null;
    if (query.from !== undefined)
      throw invalidField(['query', 'from'], 'is not taken together with a cursor', 'conflicting');
    const [seq, id] = Content.parse(cursors.decode(query.cursor, boundTo(query, view)));
    return { seq, id };
  }

  return async (query, view) => {
    const after = await begin(query, view);
    const { limit } = query;
    const [fresh, changes] = await Promise.all([
      incidents.freshness(view),
      incidents.changes({ providerIds: view, after, limit }),
    ]);
    assertFresh(fresh, query, clock.now());
    if (changes.isForeign) throw invalidField(['query', 'cursor'], FOREIGN, 'cursor_invalid');
    return {
      items: changes.incidents.map((incident) => incidentView(publicUrl, incident)),
      limit,
      has_more: changes.hasMore,
      next_cursor: cursors.encode([changes.next.seq, changes.next.id], boundTo(query, view)),
      freshness: freshnessView(fresh),
    };
  };
}
