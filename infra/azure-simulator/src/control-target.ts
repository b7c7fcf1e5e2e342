import type { ControlDeps } from './control.ts';
import { ControlError } from './control-input.ts';
import type { Call, Reply } from './http-routes.ts';
import type { IncidentRecord } from './incident-store.ts';
import { DEFAULT_WORKSPACE } from './tenant-state.ts';
import type { Workspace } from './workspace.ts';

export const ok = (body: unknown, status = 200): Reply => ({ status, body });
export const done: Reply = { status: 204 };

export function workspaceOf(call: Call, { simulated }: ControlDeps): Workspace {
  const name = call.query.get('workspace') ?? DEFAULT_WORKSPACE;
  const workspace = simulated.workspaces.named(name);
  if (!workspace) throw new ControlError(404, `there is no workspace ${name}`);
  return workspace;
}

/** The incident with this number, as it was written in a path or given in a body. */
export function incidentIn({ name, incidents }: Workspace, given: string | number): IncidentRecord {
  const number = /^\d{1,15}$/.test(String(given)) ? Number(given) : 0;
  const found = incidents.byNumber(number);
  if (!found) throw new ControlError(404, `${name} has no incident ${given}`);
  return found;
}
