import { z } from 'zod';

export const SimulatedWorkspace = z.object({
  name: z.string(),
  workspace_id: z.string(),
  tenant_id: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  subscription_id: z.string(),
  resource_group: z.string(),
  workspace_name: z.string(),
});
export type SimulatedWorkspace = z.output<typeof SimulatedWorkspace>;

/** What the simulator was asked; of an intelligence provider with what it was asked about. */
const SimulatedRequest = z.object({
  method: z.string(),
  path: z.string(),
  query: z.string(),
  intelligence: z.object({ provider: z.string(), body: z.string() }).optional(),
});
type SimulatedRequest = z.output<typeof SimulatedRequest>;

/** The simulator's control API. */
export interface SimulatedTenant {
  workspaces(): Promise<SimulatedWorkspace[]>;
  addWorkspace(name: string): Promise<SimulatedWorkspace>;
  generate(workspace: string, wanted: Record<string, unknown>): Promise<void>;
  /** A change as an analyst makes it in Sentinel. */
  change(workspace: string, number: number, change: Record<string, unknown>): Promise<void>;
  /** What the Defender portal does to an incident: `merge`, `reopen`, `move-alert`, `delete`, `comments`. */
  act(workspace: string, number: number, action: string, body?: Record<string, unknown>): Promise<void>;
  fault(fault: Record<string, unknown>): Promise<void>;
  clearFaults(): Promise<void>;
  /** Moves Azure's now: an ISO 8601 duration from the real one. */
  setClock(offset: string): Promise<void>;
  runScenario(id: string): Promise<{ incident_number: number; incident_name: string }>;
  /** What was asked since `forgetRequests`. */
  requests(): Promise<SimulatedRequest[]>;
  forgetRequests(): Promise<void>;
}

export function openSimulatedTenant(controlUrl: string): SimulatedTenant {
  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${controlUrl}${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const call = (path: string, body?: unknown): Promise<unknown> =>
    send(body === undefined ? 'GET' : 'POST', path, body);
  const workspaces = async (): Promise<SimulatedWorkspace[]> =>
    z
      .union([
        z.array(SimulatedWorkspace),
        z.object({ workspaces: z.array(SimulatedWorkspace) }).transform((a) => a.workspaces),
      ])
      .parse(await call('/workspaces'));

  return {
    workspaces,
    addWorkspace: async (name) => {
      await call('/workspaces', { name });
      const added = (await workspaces()).find((workspace) => workspace.name === name);
      if (!added) throw new Error(`the simulator does not list ${name}`);
      return added;
    },
    generate: async (workspace, wanted) => {
      await call(`/generate?workspace=${encodeURIComponent(workspace)}`, wanted);
    },
    change: async (workspace, number, change) => {
      await call(`/incidents/${number}?workspace=${encodeURIComponent(workspace)}`, change);
    },
    act: async (workspace, number, action, body = {}) => {
      await call(`/incidents/${number}/${action}?workspace=${encodeURIComponent(workspace)}`, body);
    },
    fault: async (fault) => {
      await call('/faults', fault);
    },
    setClock: async (offset) => {
      await call('/clock', { offset });
    },
    clearFaults: async () => {
      await send('DELETE', '/faults');
    },
    requests: async () =>
      z.object({ requests: z.array(SimulatedRequest) }).parse(await call('/requests')).requests,
    forgetRequests: async () => {
      await send('DELETE', '/requests');
    },
    runScenario: async (id) =>
      z
        .object({ incident_number: z.int(), incident_name: z.string() })
        .parse(await call(`/scenarios/${id}/run`, {})),
  };
}
