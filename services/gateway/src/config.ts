import { TargetConfig } from '@socmate/egress';
import { CommonConfig, envList } from '@socmate/runtime';
import { AzureConfig } from '@socmate/sentinel';
import { z } from 'zod';

export const Config = CommonConfig.extend({
  ...AzureConfig.shape,
  ...TargetConfig.shape,
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Where people and tools reach the gateway: what links in answers and events begin with. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  TRUSTED_PROXIES: envList.default([]),
  MASTER_KEYS: z.string().min(1),
  BOOTSTRAP_ADMIN_KEY: z.string().optional(),
  BOOTSTRAP_RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(120),
  NEO4J_URI: z.url().optional(),
  NEO4J_USER: z.string().default('neo4j'),
  NEO4J_PASSWORD: z.string().default(''),
});
export type Config = z.output<typeof Config>;

/** What the command that makes an admin key on the host reads. */
export const BootstrapConfig = Config.pick({ DATABASE_URL: true, BOOTSTRAP_RATE_LIMIT_PER_MINUTE: true });
