import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKey } from '@socmate/crypto';
import { startRedis, startService } from '@socmate/local';
import { Lifecycle } from '@socmate/runtime';
import { requireEnv } from '@socmate/testing';
import { openApi } from '../../system/api.ts';

export interface GatewayUnderLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The gateway as a process of its own, with its default telemetry, and a key that may ask as often as it likes. */
export function startGatewayUnderLoad(databaseUrl: string): Promise<GatewayUnderLoad> {
  return Lifecycle.start(async (life) => {
    const folder = join(
      process.env['TEST_RUN_FOLDER'] ?? tmpdir(),
      `gateway-${randomBytes(4).toString('hex')}`,
    );
    const records = process.env['TEST_PROCESS_RECORDS'] ?? join(folder, 'processes');
    mkdirSync(records, { recursive: true });
    const server = requireEnv('TEST_REDIS_SERVER');
    const redis = await startRedis({ server, dataFolder: join(folder, 'redis'), records });
    life.use('redis', redis, (part) => part.stop());
    const admin = createApiKey();
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      LOG_LEVEL: 'warn',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      MASTER_KEYS: `bench:${randomBytes(32).toString('base64')}`,
      BOOTSTRAP_ADMIN_KEY: admin.apiKey,
    };
    const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
    const gateway = await startService({ service: 'gateway', env, records, onLine });
    life.use('gateway', gateway, (part) => part.stop());
    const wanted = { name: 'bench', scopes: ['incidents:read'], rate_limit_per_minute: 1_000_000 };
    const { body } = await openApi(gateway.url, admin.apiKey)('POST', '/api/admin/api-keys', wanted);
    return { url: gateway.url, headers: { 'x-api-key': body.api_key as string }, close: () => life.close() };
  });
}
