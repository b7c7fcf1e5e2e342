import type { EntityHistory } from './assessment.ts';
import type { OfflineProvider } from './observe.ts';

/** Where an entity was before, and what was made of it. It is shown: our own earlier verdicts are no evidence. */
export function createInternalHistory(history: readonly EntityHistory[]): OfflineProvider {
  const byKey = new Map(history.map((each) => [each.key, each]));
  return {
    name: 'internal-history',
    find({ key }) {
      const known = byKey.get(key);
      if (known === undefined || known.incidents === 0) return undefined;
      const { key: _, ...told } = known;
      const closed = Object.entries(known.classifications).sort(([a], [b]) => (a < b ? -1 : 1));
      const outcomes = closed.map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ');
      const incidents = known.incidents === 1 ? 'one incident' : `${known.incidents} incidents`;
      return {
        reliability: 'A',
        summary: `seen in ${incidents} before${outcomes === '' ? '' : ` (${outcomes})`}`,
        evidence: told,
        context: { history: told },
      };
    },
  };
}
