import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, Lifecycle, systemClock } from '@socmate/runtime';
import { openAccessTokens } from './access-tokens.ts';
import { LOOPBACK, openAuthority } from './authority.ts';
import { azureRoutes } from './azure-routes.ts';
import { createAzureServer, type LatencyProfile } from './azure-server.ts';
import { openClientCertificates } from './client-certificates.ts';
import { type ControlDeps, createControlServer } from './control.ts';
import { GenerateBody } from './control-input.ts';
import { createFaults } from './faults.ts';
import type { Route } from './http-routes.ts';
import { createKnownIntelligence } from './intelligence/intelligence.ts';
import { type IntelligenceAccess, intelligenceAccess } from './intelligence/intelligence-keys.ts';
import { intelligenceRoutes } from './intelligence/intelligence-routes.ts';
import { closeServer, listen } from './listen.ts';
import { createMovableClock } from './movable-clock.ts';
import { createQuotas } from './quotas.ts';
import { createRequestLog } from './request-log.ts';
import { readScenarios } from './scenario.ts';
import {
  openSimulatedTenant,
  type SimulatedTenant,
  type SimulatedTenantOptions,
} from './simulated-tenant.ts';
import { openTenant } from './tenant.ts';
import { DEFAULT_WORKSPACE } from './tenant-state.ts';
import { connectionOf, type WorkspaceConnection } from './workspace.ts';

export interface SimulatorOptions {
  /** Certificates, ids, keys and what was done are kept here; without it, in a folder that is removed at the end. */
  readonly dataDir?: string | undefined;
  /** The name that others reach it by, which opens it to the network; without one it is on loopback alone. */
  readonly host?: string;
  /** 0, the default, picks a free one. */
  readonly port?: number;
  readonly controlPort?: number;
  readonly clock?: Clock;
  /** Decides every id and secret of a new data folder; without it they are random. */
  readonly seed?: string | undefined;
  /** Folders of scenarios besides the ones that ship. */
  readonly scenarioDirs?: readonly string[];
  /** Whether each scenario has occurred when a new data folder is first opened; it has by default. */
  readonly isPopulated?: boolean;
  /** Incidents of the last day that are there when a new data folder is first opened; none by default. */
  readonly generated?: { readonly incidents: number; readonly seed: number };
  /** How often a scenario occurs again by itself; 0, the default, is never. */
  readonly recurEveryMs?: number;
  readonly latency?: LatencyProfile;
  /** Azure's limits of alert and entity reads and of incident writes; enforced by default. */
  readonly isReadQuotaEnforced?: boolean;
}

export interface Simulator {
  /** Stands for login.microsoftonline.com and management.azure.com alike. */
  readonly url: string;
  readonly controlUrl: string;
  readonly caFile: string;
  readonly caPem: string;
  readonly workspaces: readonly WorkspaceConnection[];
  /** Where each provider of intelligence is, with its key. */
  readonly intelligence: readonly IntelligenceAccess[];
  close(): Promise<void>;
}

const SCENARIOS = join(import.meta.dirname, '..', 'scenarios');

function openDataDir(life: Lifecycle, wanted: string | undefined): string {
  if (wanted === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'azure-simulator-'));
    return life.use('data folder', made, (path) => rmSync(path, { recursive: true, force: true }));
  }
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  return wanted;
}

function openContent(
  { scenarioDirs = [], isPopulated = true, generated }: SimulatorOptions,
  place: Pick<SimulatedTenantOptions, 'dataDir' | 'tenant' | 'at'>,
): SimulatedTenant {
  const scenarios = readScenarios([SCENARIOS, ...scenarioDirs]);
  const simulated = openSimulatedTenant({ ...place, scenarios, isPopulated });
  if (generated && !simulated.isUsed) generatePast(simulated, generated, place.at);
  return simulated;
}

/** A day of a SOC's incidents, some of which have been worked on, as if they had been there before anyone looked. */
function generatePast(
  simulated: SimulatedTenant,
  { incidents, seed }: { incidents: number; seed: number },
  at: Date,
): void {
  const workspace = simulated.workspaces.named(DEFAULT_WORKSPACE);
  if (!workspace || incidents === 0) return;
  const firstNumber = workspace.incidents.nextNumber();
  const { spread: spreadMs, ...facts } = GenerateBody.parse({
    incidents,
    seed,
    status: { New: 6, Active: 2, Closed: 2 },
    modified: 'created',
  });
  const generated = { firstNumber, facts: { ...facts, spreadMs } };
  simulated.perform({ op: 'generate', workspace: workspace.name, ...generated }, at);
}

/** Every so often the scenario that has occurred least, and so each by turns, occurs again in the default workspace. */
function startRecurring(simulated: SimulatedTenant, clock: Clock, everyMs = 0): NodeJS.Timeout | undefined {
  if (everyMs === 0) return undefined;
  const timesRun = (id: string): number => simulated.timesRun(DEFAULT_WORKSPACE, id);
  return setInterval(() => {
    const [scenario] = [...simulated.scenarios.keys()].toSorted((a, b) => timesRun(a) - timesRun(b));
    const number = simulated.workspaces.named(DEFAULT_WORKSPACE)?.incidents.nextNumber();
    if (scenario === undefined || number === undefined) return;
    simulated.perform({ op: 'run', workspace: DEFAULT_WORKSPACE, scenario, number }, clock.now());
  }, everyMs);
}

function givenIntelligence({ tenant, simulated, clock }: ControlDeps): Route[] {
  const given = [...simulated.scenarios.values()].map((scenario) => scenario.intelligence ?? {});
  return intelligenceRoutes({ tenant, intelligence: createKnownIntelligence(given, clock.now()) });
}

/** Starts the simulated tenant, with its control API beside it. */
export function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  return Lifecycle.start((life) => start(life, options));
}

async function start(life: Lifecycle, options: SimulatorOptions): Promise<Simulator> {
  const { host = LOOPBACK, latency = 'none', isReadQuotaEnforced = true } = options;
  const clock = createMovableClock(options.clock ?? systemClock);
  const dataDir = openDataDir(life, options.dataDir);
  const authority = await openAuthority(dataDir, host, clock.now());
  const tenant = openTenant(dataDir, options.seed);
  const tokens = await openAccessTokens(dataDir, tenant, clock);
  const simulated = openContent(options, { dataDir, tenant, at: clock.now() });
  const url = (): string => `https://${host}:${port}`;
  const shared = {
    faults: createFaults(),
    log: createRequestLog(),
    quota: createQuotas(clock, isReadQuotaEnforced),
    clock,
    tenant,
    simulated,
    certificates: openClientCertificates(dataDir, clock),
    url,
  };
  const azure = azureRoutes(shared, tokens, { host, port: () => port });
  const routes = [...azure, ...givenIntelligence(shared)];
  const server = createAzureServer({ ...shared, authority, latency, routes });
  const address = host === LOOPBACK ? LOOPBACK : '0.0.0.0';
  const port = await listen(server, address, options.port ?? 0);
  life.use('azure server', server, closeServer);
  const control = createControlServer(shared);
  const controlPort = await listen(control, address, options.controlPort ?? 0);
  life.use('control server', control, closeServer);
  const recurring = startRecurring(simulated, clock, options.recurEveryMs);
  if (recurring) life.use('recurrence', recurring, clearInterval);
  return {
    url: url(),
    controlUrl: `http://${host}:${controlPort}`,
    caFile: authority.caFile,
    caPem: authority.caPem,
    workspaces: simulated.workspaces.all.map((workspace) => connectionOf(workspace, tenant)),
    intelligence: intelligenceAccess(tenant, url()),
    close: () => life.close(),
  };
}
