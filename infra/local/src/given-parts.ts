import { connect } from 'node:net';
import { z } from 'zod';
import type { WorkspaceToConnect } from './connect-workspace.ts';
import { LaunchError } from './launch-error.ts';

const Given = z.object({
  DATABASE_URL: z.url().optional(),
  REDIS_URL: z.url().optional(),
  NEO4J_URI: z.url().optional(),
  NEO4J_USER: z.string().default('neo4j'),
  NEO4J_PASSWORD: z.string().default(''),
  AZURE_TENANT_ID: z.string().optional(),
  AZURE_CLIENT_ID: z.string().optional(),
  AZURE_CLIENT_SECRET: z.string().optional(),
  AZURE_WORKSPACE_ID: z.string().optional(),
});

export interface GivenParts {
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly neo4j?: { readonly uri: string; readonly user: string; readonly password: string };
  /** A real workspace, to use instead of the simulated tenant. */
  readonly workspace?: WorkspaceToConnect;
}

/** The parts that the caller has already, by the environment. */
export function parseGivenParts(env: NodeJS.ProcessEnv): GivenParts {
  const set = Object.entries(env).filter(([, value]) => value !== '');
  const { data, error } = Given.safeParse(Object.fromEntries(set));
  if (error) throw new LaunchError(`The environment is not valid: ${z.prettifyError(error)}`);
  const workspace = givenWorkspace(data);
  return {
    ...(data.DATABASE_URL !== undefined && { databaseUrl: data.DATABASE_URL }),
    ...(data.REDIS_URL !== undefined && { redisUrl: data.REDIS_URL }),
    ...(data.NEO4J_URI !== undefined && {
      neo4j: { uri: data.NEO4J_URI, user: data.NEO4J_USER, password: data.NEO4J_PASSWORD },
    }),
    ...(workspace && { workspace }),
  };
}

const AZURE = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_WORKSPACE_ID'] as const;

function givenWorkspace(given: z.output<typeof Given>): WorkspaceToConnect | undefined {
  if (given.AZURE_TENANT_ID === undefined) return undefined;
  const missing = AZURE.filter((name) => given[name] === undefined);
  if (missing.length > 0)
    throw new LaunchError(
      `AZURE_TENANT_ID names a real workspace, for which ${missing.join(', ')} must be set too.`,
    );
  return {
    // In the API `provider=sentinel` means the default workspace, whatever its name.
    name: 'azure-sentinel',
    workspace_id: given.AZURE_WORKSPACE_ID ?? '',
    tenant_id: given.AZURE_TENANT_ID,
    client_id: given.AZURE_CLIENT_ID ?? '',
    client_secret: given.AZURE_CLIENT_SECRET ?? '',
    alert_backlog: false,
  };
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Fails in one sentence if nothing listens where a variable points. */
export async function assertReachable(variable: string, url: string, defaultPort: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || defaultPort });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => reject(new Error('no answer')));
    });
  } catch (cause) {
    const where = `${hostname}:${port || defaultPort}`;
    throw new LaunchError(
      `${variable} is set, and nothing answers at ${where}: start it, or unset ${variable}.`,
      {
        cause,
      },
    );
  } finally {
    socket.destroy();
  }
}
