import type { Enrichment, ScoreLine } from '@socmate/contracts';
import { compareText } from './merge-verdicts.ts';

// The nearer to the harm, the more; what scanners cause all day counts for next to nothing.
const WEIGHTS: Readonly<Record<string, number>> = {
  Reconnaissance: 1,
  ResourceDevelopment: 1,
  Discovery: 3,
  InitialAccess: 5,
  DefenseEvasion: 5,
  Execution: 6,
  Persistence: 6,
  PrivilegeEscalation: 8,
  CredentialAccess: 8,
  Collection: 8,
  LateralMovement: 9,
  CommandAndControl: 10,
  Exfiltration: 12,
  Impact: 12,
};

/** What all tactics together count for at most: many alerts of one product are no more than that. */
export const TACTICS_MAX = 30;

/** Each tactic once, however many alerts and techniques show it. */
export function scoreTactics(tactics: readonly string[], techniques: Enrichment['techniques']): ScoreLine[] {
  const weighed = [...new Set(tactics)].map((name) => ({ name, points: WEIGHTS[name] ?? 0 }));
  weighed.sort((a, b) => b.points - a.points || compareText(a.name, b.name));
  let left = TACTICS_MAX;
  return weighed.flatMap(({ name, points: weight }) => {
    const points = Math.min(weight, left);
    left -= points;
    if (points === 0) return [];
    const shown = techniques.filter((technique) => technique.tactics.includes(name)).map(({ id }) => id);
    const by = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
    const evidence = [`tactic:${name}`, ...shown.map((id) => `technique:${id}`)];
    return { points, reason: `tactic ${name}${by}`, evidence };
  });
}
