import { type SimulatedProvider, simulatedIntelligence } from './simulated-intelligence.ts';

export interface ServiceParts {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly neo4j?: { readonly uri: string; readonly user: string; readonly password: string };
  readonly simulator?: {
    readonly url: string;
    readonly caFile: string;
    readonly intelligence: readonly SimulatedProvider[];
  };
  readonly masterKeys: string;
  readonly adminApiKey: string;
  readonly publicUrl: string;
}

/** What production refuses and a local run allows: targets on this machine, over http, on any port. */
const LOCAL_DEFAULTS = {
  LOG_LEVEL: 'info',
  SYNC_INTERVAL: '30',
  BOOTSTRAP_RATE_LIMIT_PER_MINUTE: '1000000',
  SHUTDOWN_GRACE_MS: '8000',
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8,::1/128',
  WEBHOOK_ALLOWED_PORTS: '*',
  WEBHOOK_ALLOW_HTTP: 'true',
};

/** One environment for all services; what the caller has set wins over local defaults, never over where parts are. */
export function serviceEnvironment(parts: ServiceParts, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...LOCAL_DEFAULTS,
    PUBLIC_URL: parts.publicUrl,
    ...given,
    DATABASE_URL: parts.databaseUrl,
    REDIS_URL: parts.redisUrl,
    MASTER_KEYS: parts.masterKeys,
    BOOTSTRAP_ADMIN_KEY: parts.adminApiKey,
    ...(parts.neo4j && {
      NEO4J_URI: parts.neo4j.uri,
      NEO4J_USER: parts.neo4j.user,
      NEO4J_PASSWORD: parts.neo4j.password,
    }),
    ...(parts.simulator && {
      ...simulatedIntelligence(parts.simulator.intelligence, given),
      AZURE_AUTHORITY_HOST: parts.simulator.url,
      AZURE_RESOURCE_MANAGER_URL: parts.simulator.url,
      LOG_ANALYTICS_URL: parts.simulator.url,
      NODE_EXTRA_CA_CERTS: parts.simulator.caFile,
    }),
  };
}
