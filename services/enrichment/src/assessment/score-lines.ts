import type { ScoreLine } from '@socmate/contracts';
import { compareText } from './merge-verdicts.ts';

/** What one entity shows of a fact; all claims of a family have points of the same sign. */
export interface Claim {
  readonly family: string;
  readonly entityKey: string;
  readonly points: number;
  readonly reason: string;
  readonly evidence: readonly string[];
}

/**
 * A family counts for as much as its strongest claim, in layers: what every claim shows rests on all of them, what only
 * the stronger ones show rests on those. So taking an entity away takes exactly the lines that rest on it alone.
 */
export function linesOf(claims: readonly Claim[]): ScoreLine[] {
  const families = Map.groupBy(claims, ({ family }) => family);
  return [...families.values()].flatMap(layersOf);
}

function layersOf(claims: readonly Claim[]): ScoreLine[] {
  const sorted = [...claims].sort(byStrength);
  const levels = [...new Set(sorted.map(({ points }) => points))].reverse();
  return levels.map((points, at) => {
    const resting = sorted.filter((claim) => Math.abs(claim.points) >= Math.abs(points));
    return {
      points: points - (levels[at - 1] ?? 0),
      reason: summarise(resting.map(({ reason }) => reason)),
      evidence: [...new Set(resting.flatMap(({ evidence }) => evidence))],
    };
  });
}

const byStrength = (a: Claim, b: Claim): number =>
  Math.abs(b.points) - Math.abs(a.points) ||
  compareText(a.entityKey, b.entityKey) ||
  compareText(a.reason, b.reason);

const NAMED_MAX = 3;

function summarise(reasons: readonly string[]): string {
  const distinct = [...new Set(reasons)];
  const more = distinct.length - NAMED_MAX;
  return distinct.slice(0, NAMED_MAX).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
