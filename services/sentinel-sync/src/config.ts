import { parseDuration } from '@socmate/contracts';
import { CommonConfig } from '@socmate/runtime';
import { AzureConfig } from '@socmate/sentinel';
import { z } from 'zod';

export const Config = CommonConfig.extend(AzureConfig.shape).extend({
  MASTER_KEYS: z.string().min(1),
  /** Where people and programs reach the gateway: what links in events begin with. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  /** Seconds between two syncs of a workspace that sets no interval of its own. */
  SYNC_INTERVAL: z.coerce.number().int().min(1).max(86_400).default(300),
  /** Seconds between two comparisons of what is stored with what Sentinel lists, which alone find deletions. */
  RECONCILE_INTERVAL: z.coerce.number().int().min(1).max(604_800).default(21_600),
  /** How far back, by creation, they compare: an ISO 8601 duration. */
  RECONCILE_WINDOW: z
    .string()
    .refine((value) => parseDuration(value) !== undefined, 'is an ISO 8601 duration such as P30D')
    .default('P30D'),
  /** How many workspaces one replica syncs at a time. */
  SYNC_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(4),
});
export type Config = z.output<typeof Config>;
