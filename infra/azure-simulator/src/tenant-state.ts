import { join } from 'node:path';
import { generateIncidents } from './generator.ts';
import { applyEdit, isEdit } from './incident-edits.ts';
import type { IncidentRecord } from './incident-store.ts';
import type { Operation } from './journal.ts';
import { readSamples } from './samples.ts';
import type { Scenario } from './scenario.ts';
import { occurScenario } from './scenario-occurrence.ts';
import type { Tenant } from './tenant.ts';
import { createWorkspace, createWorkspaces, type Workspace, type Workspaces } from './workspace.ts';

export const DEFAULT_WORKSPACE = 'prod-sentinel';
export const PRODUCTION = 'Contoso Production';
const SAMPLES = join(import.meta.dirname, '..', 'samples');

/** All that the simulated tenant holds in memory; it follows from the samples, the scenarios and the journal. */
export interface State {
  readonly tenant: Tenant;
  readonly scenarios: ReadonlyMap<string, Scenario>;
  readonly workspaces: Workspaces;
  readonly samples: ReadonlyMap<string, readonly IncidentRecord[]>;
}

function sampleWorkspaces(): Map<string, readonly IncidentRecord[]> {
  const found = new Map<string, readonly IncidentRecord[]>();
  for (const group of ['rest', 'verbatim']) {
    for (const [position, records] of readSamples(join(SAMPLES, group)).entries()) {
      found.set(position === 0 ? `sample-${group}` : `sample-${group}-${position + 1}`, records);
    }
  }
  return found;
}

export function createState(tenant: Tenant, scenarios: ReadonlyMap<string, Scenario>): State {
  const workspaces = createWorkspaces();
  const samples = sampleWorkspaces();
  const production = { subscription: PRODUCTION, resourceGroup: 'rg-security-operations' };
  workspaces.add(createWorkspace(tenant, { name: DEFAULT_WORKSPACE, ...production }));
  for (const [name, records] of samples) {
    const place = { name, subscription: 'Contoso Samples', resourceGroup: 'rg-samples' };
    const workspace = createWorkspace(tenant, place);
    workspace.incidents.add(records);
    workspaces.add(workspace);
  }
  return { tenant, scenarios, workspaces, samples };
}

export function findWorkspace(state: State, name: string): Workspace {
  const workspace = state.workspaces.named(name);
  if (!workspace) throw new Error(`there is no workspace ${name}`);
  return workspace;
}

/** Does an operation, for the first time or again; the answer is the incidents it made or changed. */
export function apply(state: State, operation: Operation): readonly IncidentRecord[] {
  const at = new Date(operation.at);
  const { seed } = state.tenant;
  if (operation.op === 'workspace') {
    const { workspace: name, subscription } = operation;
    state.workspaces.add(createWorkspace(state.tenant, { name, subscription, resourceGroup: `rg-${name}` }));
    return [];
  }
  const workspace = findWorkspace(state, operation.workspace);
  const store = workspace.incidents;
  if (operation.op === 'reset') {
    store.clear();
    store.reserveNumbersBelow(operation.nextNumber);
    store.add(state.samples.get(workspace.name) ?? []);
    workspace.epoch = operation.at;
    return [];
  }
  if (isEdit(operation)) return applyEdit(operation, { workspace, seed, at });
  const added = occurrences(state, operation, { workspace, seed, at });
  store.add(added);
  return added;
}

function occurrences(
  state: State,
  operation: Extract<Operation, { op: 'run' | 'generate' }>,
  place: { workspace: Workspace; seed: string; at: Date },
): IncidentRecord[] {
  if (operation.op === 'generate') {
    return generateIncidents(operation.facts, { ...place, firstNumber: operation.firstNumber });
  }
  place.workspace.incidents.reserveNumbersBelow(operation.number + 1);
  const scenario = state.scenarios.get(operation.scenario);
  // Its file was there when it ran and is gone now: the number stays used.
  return scenario ? [occurScenario(scenario, { ...place, number: operation.number })] : [];
}
