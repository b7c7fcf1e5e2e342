import { CommonConfig, envFlag } from '@socmate/runtime';
import { z } from 'zod';
import { DEFAULT_RETRY_SCHEDULE_S, parseRetrySchedule } from './retry-schedule.ts';

export const Config = CommonConfig.extend({
  MASTER_KEYS: z.string().min(1),
  /** Comma-separated seconds to wait after each failure, or durations such as `5s,2m,1h`. */
  WEBHOOK_RETRY_SCHEDULE: z
    .string()
    .transform(parseRetrySchedule)
    .default([...DEFAULT_RETRY_SCHEDULE_S]),
  WEBHOOK_ALLOW_HTTP: envFlag.default(false),
  WEBHOOK_ALLOWED_PORTS: z.string().default(''),
  WEBHOOK_ALLOWED_CIDRS: z.string().default(''),
  /** A file of certificates, PEM, trusted beside the public ones for subscribers. */
  WEBHOOK_CA_FILE: z.string().optional(),
  WEBHOOK_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(500),
  ATTEMPT_RETENTION_DAYS: z.coerce.number().int().min(1).default(30),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(1).default(400),
});
export type Config = z.output<typeof Config>;
