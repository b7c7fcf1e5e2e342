import { join } from 'node:path';
import type { IncidentRecord } from './incident-store.ts';
import { type Journal, type NewOperation, openJournal } from './journal.ts';
import type { Scenario } from './scenario.ts';
import type { Tenant } from './tenant.ts';
import {
  apply,
  createState,
  DEFAULT_WORKSPACE,
  findWorkspace,
  PRODUCTION,
  type State,
} from './tenant-state.ts';
import type { Workspace, Workspaces } from './workspace.ts';

/** The workspaces and what was done to them; every operation is written down before it is done. */
export interface SimulatedTenant {
  readonly workspaces: Workspaces;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  /** Whether its data folder had been used before. */
  readonly isUsed: boolean;
  /** The incidents that it made or changed. */
  perform(operation: NewOperation, at: Date): readonly IncidentRecord[];
  timesRun(workspace: string, scenario: string): number;
  /** The workspace as at its start, or with only these scenarios; its numbers go on. */
  reset(workspace: Workspace, only: readonly string[] | undefined, at: Date): void;
}

export interface SimulatedTenantOptions {
  readonly dataDir: string;
  readonly tenant: Tenant;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  readonly at: Date;
  /** Whether a scenario that never occurred does so at the start. */
  readonly isPopulated: boolean;
}

const placeOf = (scenario: Scenario): string => scenario.workspace ?? DEFAULT_WORKSPACE;

/** Scenarios that the journal knows nothing of: all of them at first, later only those that came to a folder. */
function newScenarios(journal: Journal, scenarios: ReadonlyMap<string, Scenario>): Scenario[] {
  const known = new Set(
    journal.operations.flatMap((operation) => {
      if (operation.op === 'reset') return operation.known;
      return operation.op === 'run' ? [operation.scenario] : [];
    }),
  );
  return [...scenarios.values()].filter(({ id }) => !known.has(id));
}

const runOf = (workspace: Workspace, scenario: string, number: number): NewOperation => ({
  op: 'run',
  workspace: workspace.name,
  scenario,
  number,
});

/** Opens the tenant of a data folder: the samples, then all that was done to it before. */
export function openSimulatedTenant(options: SimulatedTenantOptions): SimulatedTenant {
  const { tenant, scenarios } = options;
  const state = createState(tenant, scenarios);
  const journal = openJournal(join(options.dataDir, 'journal.jsonl'));
  const isUsed = journal.operations.length > 0;
  for (const operation of journal.operations) apply(state, operation);

  const perform: SimulatedTenant['perform'] = (partial, at) => {
    const operation = { ...partial, at: at.toISOString() };
    journal.append(operation);
    return apply(state, operation);
  };
  const workspaceOf = (scenario: Scenario): Workspace => {
    const name = placeOf(scenario);
    if (!state.workspaces.named(name)) {
      perform({ op: 'workspace', workspace: name, subscription: PRODUCTION }, options.at);
    }
    return findWorkspace(state, name);
  };
  for (const scenario of options.isPopulated ? newScenarios(journal, scenarios) : []) {
    const workspace = workspaceOf(scenario);
    perform(runOf(workspace, scenario.id, workspace.incidents.nextNumber()), options.at);
  }
  return {
    workspaces: state.workspaces,
    scenarios,
    isUsed,
    perform,
    timesRun: (workspace, scenario) =>
      journal.operations.filter(
        (known) => known.op === 'run' && known.workspace === workspace && known.scenario === scenario,
      ).length,
    reset: (workspace, only, at) => reset({ state, journal }, workspace, only, at),
  };
}

function reset(
  { state, journal }: { state: State; journal: Journal },
  workspace: Workspace,
  only: readonly string[] | undefined,
  at: Date,
): void {
  const nextNumber = workspace.incidents.nextNumber();
  const scenarios = [...state.scenarios.values()];
  const wanted = scenarios.filter((scenario) =>
    only ? only.includes(scenario.id) : placeOf(scenario) === workspace.name,
  );
  const known = scenarios.map(({ id }) => id);
  const operations: NewOperation[] = [
    { op: 'reset', workspace: workspace.name, nextNumber, known },
    ...wanted.map(({ id }, position) => runOf(workspace, id, nextNumber + position)),
  ];
  const dated = operations.map((operation) => ({ ...operation, at: at.toISOString() }));
  journal.rewrite(({ op, workspace: own }) => op === 'workspace' || own !== workspace.name, dated);
  for (const operation of dated) apply(state, operation);
}
