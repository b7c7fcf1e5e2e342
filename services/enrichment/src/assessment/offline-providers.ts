import type { Entity, Observation } from '@socmate/contracts';
import type { AssessmentFacts } from './assessment.ts';
import type { GeoDatabase } from './geo-database.ts';

export interface OfflineConfig {
  /** The tenant's verified domains, which others imitate. */
  readonly tenantDomains: readonly string[];
  /** Where a MaxMind database is configured. */
  readonly geo?: GeoDatabase;
}

export interface OfflineAnswer {
  readonly observations: Observation[];
  /** What is shown beside the entity, by name. */
  readonly context: Record<string, unknown>;
}

export type OfflineProviders = (entity: Entity, facts: AssessmentFacts & { now: Date }) => OfflineAnswer;
