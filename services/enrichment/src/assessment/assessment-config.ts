import { envList } from '@socmate/runtime';
import { z } from 'zod';

/** What assessments know of the tenant that no row holds. */
export const AssessmentConfig = z.object({
  /** The tenant's verified domains, which others imitate. */
  TENANT_DOMAINS: envList.default([]),
  /** Paths of MaxMind databases (`.mmdb`), such as one of cities and one of networks. */
  GEO_DATABASES: envList.default([]),
});
export type AssessmentConfig = z.output<typeof AssessmentConfig>;
