import { parseEgressProxy, TargetConfig } from '@socmate/egress';
import { CommonConfig, errorMessage } from '@socmate/runtime';
import { z } from 'zod';
import { DEFAULT_RETRY_SCHEDULE_S, parseRetrySchedule } from './retry-schedule.ts';

const parsedBy = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (fault) {
      context.addIssue(errorMessage(fault));
      return z.NEVER;
    }
  });

export const Config = CommonConfig.extend({
  ...TargetConfig.shape,
  MASTER_KEYS: z.string().min(1),
  /** Comma-separated seconds to wait after each failure, or durations such as `5s,2m,1h`. */
  WEBHOOK_RETRY_SCHEDULE: parsedBy(parseRetrySchedule).default([...DEFAULT_RETRY_SCHEDULE_S]),
  /** An endpoint that failed so often in a row is left alone for a while. */
  WEBHOOK_BREAKER_FAILURES: z.coerce.number().int().min(1).max(1_000).default(5),
  /** Milliseconds until it is probed; every probe that fails doubles them, up to twentyfold. */
  WEBHOOK_BREAKER_OPEN_MS: z.coerce.number().int().min(10).max(3_600_000).default(30_000),
  /** A file of certificates, PEM, trusted beside the public ones for subscribers. */
  WEBHOOK_CA_FILE: z.string().optional(),
  /** Through which subscribers and their token endpoints are called: `http://user:password@host:3128`. */
  WEBHOOK_EGRESS_PROXY: parsedBy(parseEgressProxy).optional(),
  ATTEMPT_RETENTION_DAYS: z.coerce.number().int().min(1).default(30),
  EVENT_RETENTION_DAYS: z.coerce.number().int().min(1).max(100_000).default(90),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(1).default(400),
});
export type Config = z.output<typeof Config>;
