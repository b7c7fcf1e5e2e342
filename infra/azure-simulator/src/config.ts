import { parseArgs } from 'node:util';
import { envFlag, envList, parseEnv } from '@socmate/runtime';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535).default(0);

export const Config = z.object({
  SIMULATOR_DATA_DIR: z.string().min(1),
  SIMULATOR_HOST: z.string().min(1).default('127.0.0.1'),
  SIMULATOR_PORT: port,
  SIMULATOR_CONTROL_PORT: port,
  SIMULATOR_SCENARIOS: envList.default([]),
  SIMULATOR_RECUR_EVERY_MS: z.coerce.number().int().min(0).default(0),
  /** Generated at the first start. */
  SIMULATOR_INCIDENTS: z.coerce.number().int().min(0).max(1_000_000).default(0),
  SIMULATOR_SEED: z.coerce.number().int().default(1),
  SIMULATOR_LATENCY: z.enum(['none', 'azure']).default('none'),
  SIMULATOR_READ_QUOTA: envFlag.default(true),
  SIMULATOR_STOP_WITH_STDIN: envFlag.default(false),
});
export type Config = z.output<typeof Config>;

const FLAGS = {
  'data-dir': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'control-port': { type: 'string' },
  scenarios: { type: 'string' },
  'recur-every-ms': { type: 'string' },
  incidents: { type: 'string' },
  seed: { type: 'string' },
  latency: { type: 'string' },
  'read-quota': { type: 'string' },
  'stop-with-stdin': { type: 'boolean' },
} as const;

/** `--data-dir X` is `SIMULATOR_DATA_DIR=X`, and wins over it. */
export function parseConfig(args: string[], env: NodeJS.ProcessEnv): Config {
  const { values } = parseArgs({ args, options: FLAGS });
  const given = Object.entries(values).map(([flag, value]) => [
    `SIMULATOR_${flag.replaceAll('-', '_').toUpperCase()}`,
    String(value),
  ]);
  return parseEnv(Config, { ...env, ...Object.fromEntries(given) });
}
