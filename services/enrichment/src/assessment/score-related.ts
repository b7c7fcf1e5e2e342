import type { Enrichment, ScoreLine } from '@socmate/contracts';

const BENIGN = new Set(['benign_positive', 'false_positive']);
export const RELATED_POINTS = { truePositive: 15, benign: -10 } as const;

/**
 * What people made of incidents that share entities with this one; closed ones of one outcome count once, and benign ones
 * only where none was real.
 */
export function scoreRelated(related: Enrichment['related_incidents']): ScoreLine[] {
  const real = numbersOf(related, (classification) => classification === 'true_positive');
  if (real.length > 0) return [lineOf(RELATED_POINTS.truePositive, 'closed as true positive', real)];
  const benign = numbersOf(related, (classification) => BENIGN.has(classification));
  return benign.length > 0 ? [lineOf(RELATED_POINTS.benign, 'closed as benign', benign)] : [];
}

function numbersOf(
  related: Enrichment['related_incidents'],
  isWanted: (classification: string) => boolean,
): number[] {
  const wanted = related.filter(({ classification }) => isWanted(plain(classification)));
  return [...new Set(wanted.map(({ number }) => number))].sort((a, b) => a - b);
}

/** Sentinel writes `TruePositive`. */
const plain = (classification: string | null): string =>
  (classification ?? '').replace(/([a-z])(?=[A-Z])/g, '$1_').toLowerCase();

const NAMED_MAX = 5;

function lineOf(points: number, outcome: string, numbers: readonly number[]): ScoreLine {
  const named = numbers.slice(0, NAMED_MAX).join(', ');
  const more = numbers.length > NAMED_MAX ? ` and ${numbers.length - NAMED_MAX} more` : '';
  const evidence = numbers.map((number) => `incident:${number}`);
  return { points, reason: `related incidents ${outcome}: ${named}${more}`, evidence };
}
