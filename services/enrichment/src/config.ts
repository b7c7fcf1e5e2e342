import { CommonConfig } from '@socmate/runtime';
import { z } from 'zod';
import { AssessmentConfig } from './assessment/assessment-config.ts';
import { GraphConfig } from './graph/graph-config.ts';
import { IntelligenceConfig } from './intelligence-config.ts';

export const Config = CommonConfig.extend(AssessmentConfig.shape)
  .extend(GraphConfig.shape)
  .extend(IntelligenceConfig.shape)
  .extend({
    /** Where people and programs reach the gateway: what links in events begin with. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
    /** How many incidents one replica enriches at a time. */
    ENRICHMENT_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(8),
    /** Seconds that providers are waited for, in one enrichment; what they have not said by then is missing. */
    ENRICHMENT_LOOKUP_TIMEOUT: z.coerce.number().int().min(1).max(300).default(30),
  });
export type Config = z.output<typeof Config>;
