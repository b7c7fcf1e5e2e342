import { clockRoutes } from './clock-control.ts';
import type { ControlDeps } from './control.ts';
import { incidentControlRoutes } from './control-incidents.ts';
import { ControlError, GenerateBody, parseBody, ResetBody, WorkspaceBody } from './control-input.ts';
import { done, ok, workspaceOf } from './control-target.ts';
import { Fault } from './faults.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { identityRoutes } from './identity-control.ts';
import { intelligenceAccess } from './intelligence/intelligence-keys.ts';
import { PRODUCTION } from './tenant-state.ts';
import { connectionOf } from './workspace.ts';

function requireScenario(id: string, { simulated }: ControlDeps): string {
  if (simulated.scenarios.has(id)) return id;
  throw new ControlError(404, `there is no scenario ${id}`);
}

const listScenarios = (call: Call, deps: ControlDeps): Reply => {
  const { name } = workspaceOf(call, deps);
  const scenarios = [...deps.simulated.scenarios.values()].map(({ id, title }) => ({
    id,
    title,
    times_run: deps.simulated.timesRun(name, id),
  }));
  return ok({ scenarios });
};

const runScenario = (call: Call, deps: ControlDeps): Reply => {
  const workspace = workspaceOf(call, deps);
  const scenario = requireScenario(call.params['scenario'] ?? '', deps);
  const number = workspace.incidents.nextNumber();
  const operation = { op: 'run', workspace: workspace.name, scenario, number } as const;
  const [made] = deps.simulated.perform(operation, deps.clock.now());
  return ok({ incident_number: number, incident_name: made?.name }, 201);
};

const generate = (call: Call, deps: ControlDeps): Reply => {
  const workspace = workspaceOf(call, deps);
  const { spread, ...facts } = parseBody(GenerateBody, call);
  const firstNumber = workspace.incidents.nextNumber();
  const operation = {
    op: 'generate',
    workspace: workspace.name,
    firstNumber,
    facts: { ...facts, spreadMs: spread },
  } as const;
  const made = deps.simulated.perform(operation, deps.clock.now());
  const numbers = { first_number: firstNumber, last_number: firstNumber + made.length - 1 };
  return ok({ incidents: made.length, ...numbers }, 201);
};

const reset = (call: Call, deps: ControlDeps): Reply => {
  const workspace = workspaceOf(call, deps);
  const { only } = parseBody(ResetBody, call);
  for (const id of only ?? []) requireScenario(id, deps);
  deps.simulated.reset(workspace, only, deps.clock.now());
  deps.faults.clear();
  deps.quota.clear();
  deps.log.clear();
  deps.clock.move(0);
  return done;
};

const addWorkspace = (call: Call, { simulated, tenant, clock }: ControlDeps): Reply => {
  const { name, subscription = PRODUCTION } = parseBody(WorkspaceBody, call);
  if (simulated.workspaces.named(name)) throw new ControlError(409, `there is a workspace ${name} already`);
  simulated.perform({ op: 'workspace', workspace: name, subscription }, clock.now());
  const added = simulated.workspaces.named(name);
  return ok(added && connectionOf(added, tenant), 201);
};

const listRequests = ({ log }: ControlDeps): Reply =>
  ok({ requests: log.requests, forgotten: log.forgotten });

const addFault = (call: Call, { faults }: ControlDeps): Reply => {
  faults.add(parseBody(Fault, call));
  return ok({ faults: faults.list() }, 201);
};

export function controlRoutes(deps: ControlDeps): Route[] {
  type Answer = (call: Call) => Reply;
  const route = (method: Route['method'], path: string, handle: Answer): Route => ({
    method,
    path,
    kind: 'control',
    handle: async (call) => handle(call),
  });
  const { simulated, tenant, faults, log } = deps;
  const workspaces = () => simulated.workspaces.all.map((workspace) => connectionOf(workspace, tenant));
  return [
    route('GET', '/health', () => ok({ status: 'ok' })),
    route('GET', '/workspaces', () => ok({ workspaces: workspaces() })),
    route('POST', '/workspaces', (call) => addWorkspace(call, deps)),
    ...identityRoutes(deps),
    route('GET', '/intelligence', () => ok({ providers: intelligenceAccess(tenant, deps.url()) })),
    route('GET', '/scenarios', (call) => listScenarios(call, deps)),
    route('POST', '/scenarios/:scenario/run', (call) => runScenario(call, deps)),
    route('POST', '/generate', (call) => generate(call, deps)),
    ...incidentControlRoutes(deps),
    route('POST', '/reset', (call) => reset(call, deps)),
    route('GET', '/faults', () => ok({ faults: faults.list() })),
    route('POST', '/faults', (call) => addFault(call, deps)),
    route('DELETE', '/faults', () => {
      faults.clear();
      return done;
    }),
    ...clockRoutes(deps),
    route('GET', '/requests', () => listRequests(deps)),
    route('DELETE', '/requests', () => {
      log.clear();
      return done;
    }),
  ];
}
