import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Agent, Client, type Dispatcher, Pool } from 'undici';
import { createGuardedConnector, type GuardedConnectorOptions } from './guarded-connector.ts';
import type { TargetPolicy } from './target-policy.ts';

export interface GuardedAgentOptions extends GuardedConnectorOptions {
  readonly maxConnectionsPerOrigin?: number;
  readonly keepAliveTimeoutMs?: number;
}

const UNTRACED = suppressTracing(ROOT_CONTEXT);

/**
 * Calls user-given URLs. Names are resolved and judged once per connection; redirects are not followed, proxies in the
 * environment are ignored, and no request carries `traceparent`. Deadlines over a whole request are the caller's.
 */
export function createGuardedAgent(policy: TargetPolicy, options: GuardedAgentOptions): Dispatcher {
  const { maxConnectionsPerOrigin = 128, keepAliveTimeoutMs = 4_000, ...connection } = options;
  return new Agent({
    connect: createGuardedConnector(policy, connection),
    connections: maxConnectionsPerOrigin,
    allowH2: false,
    keepAliveTimeout: keepAliveTimeoutMs,
    keepAliveMaxTimeout: Math.max(keepAliveTimeoutMs, 60_000),
    factory: (origin, poolOptions) =>
      new Pool(origin, Object.assign({}, poolOptions, { factory: createUntracedClient })),
  });
}

// Each client, not the agent: a pool sends what it queued later, in whatever context frees a connection.
function createUntracedClient(origin: URL, options: object): Dispatcher {
  const client = new Client(origin, options);
  const dispatch = client.dispatch.bind(client);
  client.dispatch = (request, handler) => context.with(UNTRACED, dispatch, undefined, request, handler);
  return client;
}
