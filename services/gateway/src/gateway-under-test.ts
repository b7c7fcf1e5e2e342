import { randomBytes } from 'node:crypto';
import { createApiKey } from '@socmate/crypto';
import { createLogger } from '@socmate/runtime';
import { cloneDatabase, testQueue } from '@socmate/testing';
import { Config } from './config.ts';
import { type Gateway, type Overrides, startGateway } from './service.ts';

// What an answer's body holds is for each test to say.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

export interface Call {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

export interface GatewayUnderTest extends Gateway {
  readonly config: Config;
  readonly adminKey: string;
  /** Asks with the admin key unless the call names another, or none (`null`). A string is sent as it stands. */
  readonly ask: (method: string, path: string, call?: Call) => Promise<Answered>;
  /** A new key with these scopes. */
  readonly keyWith: (
    scopes: readonly string[],
    more?: Readonly<Record<string, unknown>>,
  ) => Promise<{ id: string; apiKey: string }>;
}

const bodyText = (body: unknown): string | undefined =>
  body === undefined || typeof body === 'string' ? body : JSON.stringify(body);

async function send(url: string, method: string, adminKey: string, call: Call): Promise<Answered> {
  const { key = adminKey, body, headers = {} } = call;
  const text = bodyText(body);
  const res = await fetch(url, {
    method,
    headers: {
      ...(key !== null && { 'x-api-key': key }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text !== undefined && { body: text }),
  });
  const answer = await res.text();
  return { status: res.status, headers: res.headers, json: answer === '' ? undefined : JSON.parse(answer) };
}

/** A gateway of its own: a cloned database, a queue prefix and an admin key. Closing it drops the database. */
export async function startGatewayUnderTest(
  env: Readonly<Record<string, string>> = {},
  overrides: Overrides = {},
  adjust: (config: Config) => Config = (config) => config,
): Promise<GatewayUnderTest> {
  const database = await cloneDatabase();
  const queue = testQueue();
  const { apiKey: adminKey } = createApiKey();
  const config = adjust(
    Config.parse({
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      REDIS_URL: queue.url,
      QUEUE_PREFIX: queue.prefix,
      PORT: '0',
      SHUTDOWN_GRACE_MS: '2000',
      MASTER_KEYS: `test:${randomBytes(32).toString('base64')}`,
      BOOTSTRAP_ADMIN_KEY: adminKey,
      BOOTSTRAP_RATE_LIMIT_PER_MINUTE: '1000000',
      ...env,
    }),
  );
  const log = createLogger('gateway', config.LOG_LEVEL);
  const gateway = await startGateway(config, { log, ...overrides }).catch(async (fault: unknown) => {
    await database.drop();
    throw fault;
  });
  const ask: GatewayUnderTest['ask'] = (method, path, call = {}) =>
    send(gateway.url + path, method, adminKey, call);
  const keyWith: GatewayUnderTest['keyWith'] = async (scopes, more = {}) => {
    const { json } = await ask('POST', '/api/admin/api-keys', { body: { name: 'test', scopes, ...more } });
    return { id: json.id, apiKey: json.api_key };
  };
  const close = async (): Promise<void> => {
    await gateway.close();
    await database.drop();
  };
  return { ...gateway, config, adminKey, ask, keyWith, close };
}
