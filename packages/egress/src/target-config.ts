import { envFlag } from '@socmate/runtime';
import { z } from 'zod';
import { parseTargetPolicy, type TargetPolicy } from './target-policy.ts';

/** What a service that judges or calls receivers of webhooks reads from the environment. */
export const TargetConfig = z.object({
  WEBHOOK_ALLOW_HTTP: envFlag.default(false),
  WEBHOOK_ALLOWED_PORTS: z.string().default(''),
  WEBHOOK_ALLOWED_CIDRS: z.string().default(''),
});

export const targetPolicy = (config: z.output<typeof TargetConfig>): TargetPolicy =>
  parseTargetPolicy({
    allowHttp: config.WEBHOOK_ALLOW_HTTP,
    allowedPorts: config.WEBHOOK_ALLOWED_PORTS,
    allowedCidrs: config.WEBHOOK_ALLOWED_CIDRS,
  });
