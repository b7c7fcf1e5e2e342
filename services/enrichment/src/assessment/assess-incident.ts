import type { Assess } from './assessment.ts';
import type { OfflineConfig } from './offline-providers.ts';

/** What an incident's entities are, how bad that is, and on what it rests. */
export type CreateAssess = (config: OfflineConfig) => Assess;
