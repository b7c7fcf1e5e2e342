import type { Enrichment, RiskLevel, ScoreLine } from '@socmate/contracts';
import { claimsOf, type JudgedEntity } from './entity-claims.ts';
import type { Families } from './evidence-families.ts';
import { compareText } from './merge-verdicts.ts';
import { linesOf } from './score-lines.ts';
import { scoreRelated } from './score-related.ts';
import { scoreTactics } from './score-tactics.ts';

export interface Scored {
  readonly judged: readonly JudgedEntity[];
  readonly families: Families;
  /** As Sentinel writes them. */
  readonly tactics: readonly string[];
  readonly techniques: Enrichment['techniques'];
  readonly related: Enrichment['related_incidents'];
}

/** The lines add up to the score, which ends at 0 and at 100. */
export function scoreIncident(scored: Scored): Enrichment['risk'] {
  const lines = [
    ...linesOf(scored.judged.flatMap((judged) => claimsOf(judged, scored.families))),
    ...scoreTactics(scored.tactics, scored.techniques),
    ...scoreRelated(scored.related),
  ].sort(byPoints);
  const sum = lines.reduce((total, { points }) => total + points, 0);
  const score = Math.min(100, Math.max(0, sum));
  return { score, level: levelOf(score), lines };
}

const byPoints = (a: ScoreLine, b: ScoreLine): number =>
  b.points - a.points ||
  compareText(a.reason, b.reason) ||
  compareText(a.evidence.join('\n'), b.evidence.join('\n'));

const LEVELS: readonly (readonly [number, RiskLevel])[] = [
  [80, 'critical'],
  [60, 'high'],
  [40, 'medium'],
  [20, 'low'],
];

export const levelOf = (score: number): RiskLevel =>
  LEVELS.find(([least]) => score >= least)?.[1] ?? 'informational';
