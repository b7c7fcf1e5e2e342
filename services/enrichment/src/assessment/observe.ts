import type { Entity, Observation, Reliability } from '@socmate/contracts';

/** What an offline provider found out; a verdict left unsaid is no opinion. */
export interface Finding {
  readonly reliability: Reliability;
  readonly summary: string;
  readonly verdict?: Observation['verdict'];
  readonly score?: number;
  readonly evidence?: Readonly<Record<string, unknown>>;
  /** What is shown beside the entity. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Knows something of some entities without asking anybody; undefined where it has nothing to say. */
export interface OfflineProvider {
  readonly name: string;
  find(entity: Entity): Finding | undefined;
}

export function observe(provider: string, finding: Finding, now: Date): Observation {
  const { reliability, summary, verdict = 'unknown', score = null, evidence = {} } = finding;
  return {
    provider,
    status: 'known',
    verdict,
    score,
    reliability,
    summary,
    observed_at: now.toISOString(),
    expires_at: null,
    cached: false,
    simulated: false,
    link: null,
    evidence: { ...evidence },
  };
}
