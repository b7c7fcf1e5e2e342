import type { Enrichment, Observation } from '@socmate/contracts';

type Counts = Enrichment['providers'][string];

const isAnswered = ({ status, cached }: Observation): boolean =>
  !cached && (status === 'known' || status === 'unknown' || status === 'error');

/** Of each online provider what it was asked, in the order of their names. */
export function countProviders(observations: Iterable<readonly Observation[]>): Enrichment['providers'] {
  const counts = new Map<string, Counts>();
  for (const observation of [...observations].flat()) {
    const { asked, cached, failed, limited } = counts.get(observation.provider) ?? NONE;
    counts.set(observation.provider, {
      asked: asked + Number(isAnswered(observation)),
      cached: cached + Number(observation.cached),
      failed: failed + Number(observation.status === 'error'),
      limited: limited + Number(observation.status === 'limited'),
    });
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NONE: Counts = { asked: 0, cached: 0, failed: 0, limited: 0 };

/** Whether a provider that should have said something did not. */
export const isMissing = ({ status }: Observation): boolean => status === 'error' || status === 'limited';
