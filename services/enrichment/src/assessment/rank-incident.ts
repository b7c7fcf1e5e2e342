import { type Enrichment, Priority, type Severity, severityRank } from '@socmate/contracts';

export interface Ranked {
  readonly severity: Severity;
  readonly risk: Enrichment['risk'];
  /** A privileged account is in the incident, and something in it is confirmed to be malicious. */
  readonly isPrivilegeAtRisk: boolean;
}

const CRITICAL_SCORE = 90;
const RAISING_SCORE = 60;
const LOWERING_SCORE = 20;

/**
 * Sentinel's severity, one step higher from a score of 60, one lower below 20 where something speaks for the incident
 * being benign: that nothing is known of it never lowers it.
 */
export function rankIncident({ severity, risk, isPrivilegeAtRisk }: Ranked): Priority {
  if (isPrivilegeAtRisk || (severity === 'high' && risk.score >= CRITICAL_SCORE)) return 'critical';
  const isExplained = risk.score < LOWERING_SCORE && risk.lines.some(({ points }) => points < 0);
  const step = risk.score >= RAISING_SCORE ? 1 : isExplained ? -1 : 0;
  const rank = Math.min(severityRank('high'), Math.max(0, severityRank(severity) + step));
  return Priority.options[rank] ?? severity;
}
