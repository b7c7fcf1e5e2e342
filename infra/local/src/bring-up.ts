import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { allSettled } from './all-settled.ts';
import { connectWorkspace } from './connect-workspace.ts';
import { canFetchNeo4j } from './fetch-neo4j.ts';
import { findFreePort } from './free-port.ts';
import { explain, LaunchError } from './launch-error.ts';
import {
  localNeo4j,
  localPostgres,
  localRedis,
  type Neo4jAt,
  type Store,
  type StoresContext,
} from './local-stores.ts';
import type { StartOptions } from './options.ts';
import { type Service, startService } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';
import { type Simulator, startSimulator } from './simulator.ts';

export interface BringUpContext extends StoresContext {
  readonly options: StartOptions;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the whole start with the first fault of a part that nothing can do without. */
  readonly giveUp: (fault: unknown) => never;
}

/** Everything that runs. */
export interface System {
  readonly gatewayUrl: string;
  readonly services: readonly Service[];
  /** What the services were started with. */
  readonly env: NodeJS.ProcessEnv;
  readonly postgres: Store<string>;
  readonly redis: Store<string>;
  readonly neo4j?: Store<Neo4jAt> | undefined;
  readonly simulator?: Simulator | undefined;
}

const USUAL_PORTS = { gateway: 8_080, simulator: 8_443, simulatorControl: 8_444, neo4j: 17_687 };
const RECUR_EVERY_MS = 3 * 60_000;

/** Starts side by side what can be; Neo4j, which takes longest, is waited for last. */
export async function bringUp(context: BringUpContext): Promise<System> {
  const gatewayPort = await chooseGatewayPort(context.options.port);
  const neo4jPort = await findFreePort(USUAL_PORTS.neo4j, new Set([gatewayPort]));
  const [neo4j, system] = await allSettled([
    localNeo4j(context, neo4jPort),
    startRest(context, gatewayPort, neo4jPort),
  ]);
  return { ...system, neo4j };
}

async function startRest(
  context: BringUpContext,
  gatewayPort: number,
  neo4jPort: number,
): Promise<Omit<System, 'neo4j'>> {
  const [postgres, redis, simulator, neo4j] = await allSettled([
    localPostgres(context).catch(context.giveUp),
    localRedis(context).catch(context.giveUp),
    context.given.workspace ? undefined : localSimulator(context).catch(context.giveUp),
    expectedNeo4j(context, neo4jPort),
  ]);
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const env = serviceEnvironment(
    {
      databaseUrl: postgres.at,
      redisUrl: redis.at,
      masterKeys: context.credentials.master_keys,
      adminApiKey: context.credentials.admin_api_key,
      publicUrl: gatewayUrl,
      ...(neo4j && { neo4j }),
      ...(simulator && { simulator }),
    },
    context.env,
  );
  const services = await localServices(context, env, gatewayPort);
  if (context.options.services.includes('gateway')) await connect(context, gatewayUrl, simulator);
  return { gatewayUrl, services, env, postgres, redis, simulator };
}

/** Where Neo4j will answer, known before it does; none where it cannot be had. */
async function expectedNeo4j(
  { given, paths, credentials }: BringUpContext,
  port: number,
): Promise<Neo4jAt | undefined> {
  if (given.neo4j) return given.neo4j;
  if (!(await canFetchNeo4j(paths.cache))) return undefined;
  return { uri: `bolt://127.0.0.1:${port}`, user: 'neo4j', password: credentials.neo4j_password };
}

async function chooseGatewayPort(wanted?: number): Promise<number> {
  if (wanted === undefined) return findFreePort(USUAL_PORTS.gateway);
  const free = await findFreePort(wanted);
  if (free === wanted) return wanted;
  throw new LaunchError(`Port ${wanted} is taken: choose another with --port, or leave it out.`);
}

async function localSimulator({ options, paths, logs, console, env }: BringUpContext): Promise<Simulator> {
  const progress = console.part('simulator');
  const scenarios = options.scenarios.map((folder) => resolve(env['INIT_CWD'] ?? process.cwd(), folder));
  const missing = scenarios.find((folder) => !existsSync(folder));
  if (missing !== undefined) throw new LaunchError(`There is no folder ${missing} of scenarios.`);
  const simulator = await startSimulator({
    dataFolder: paths.simulator,
    records: paths.processes,
    port: USUAL_PORTS.simulator,
    controlPort: USUAL_PORTS.simulatorControl,
    scenarios,
    recurEveryMs: RECUR_EVERY_MS,
    onLine: logs.fileOnly('simulator'),
  });
  progress.done(`ready on ${new URL(simulator.url).host}`);
  return simulator;
}

async function localServices(
  { options, paths, logs, console, giveUp }: BringUpContext,
  env: NodeJS.ProcessEnv,
  gatewayPort: number,
): Promise<Service[]> {
  const seen = new Map<string, number>();
  return allSettled(
    options.services.map(async (service) => {
      const number = (seen.get(service) ?? 0) + 1;
      seen.set(service, number);
      const name = number === 1 ? service : `${service}-${number}`;
      const progress = console.part('service');
      const settings = { service, name, env, records: paths.processes, onLine: logs.service(name) };
      const port = service === 'gateway' && { port: gatewayPort };
      const started = await startService({ ...settings, ...port }).catch(giveUp);
      progress.done(`${name} ready on ${new URL(started.url).host}`);
      return started;
    }),
  );
}

async function connect(
  { given, credentials, console }: BringUpContext,
  gatewayUrl: string,
  simulator: Simulator | undefined,
): Promise<void> {
  const progress = console.part('workspace');
  const [simulated] = simulator?.workspaces ?? [];
  const workspace = given.workspace ?? (simulated && { ...simulated, alert_backlog: true });
  if (!workspace) return;
  try {
    const outcome = await connectWorkspace(gatewayUrl, credentials.admin_api_key, workspace);
    progress.done(
      outcome === 'known' ? `${workspace.name} is connected already` : `${workspace.name} connected`,
    );
  } catch (fault) {
    progress.warn(explain(fault));
  }
}
