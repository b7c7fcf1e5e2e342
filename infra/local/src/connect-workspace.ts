import { z } from 'zod';
import { LaunchError } from './launch-error.ts';

export interface WorkspaceToConnect {
  readonly name: string;
  readonly workspace_id: string;
  readonly tenant_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** Whether incidents from before the connection are announced as well. */
  readonly alert_backlog: boolean;
}

const Connected = z.object({ items: z.array(z.object({ name: z.string(), workspace_id: z.string() })) });

/** Connects a workspace as an administrator would; one that is connected already is left as it is. */
export async function connectWorkspace(
  gatewayUrl: string,
  apiKey: string,
  workspace: WorkspaceToConnect,
): Promise<'connected' | 'known'> {
  const url = `${gatewayUrl}/api/admin/siem-providers`;
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  const { items } = Connected.parse(await readJson(await fetch(url, { headers }), workspace.name));
  const isKnown = items.some(
    ({ name, workspace_id }) => name === workspace.name || workspace_id === workspace.workspace_id,
  );
  if (isKnown) return 'known';
  const { name, workspace_id, tenant_id, client_id, client_secret, alert_backlog } = workspace;
  const body = JSON.stringify({
    name,
    provider_type: 'sentinel',
    workspace_id,
    tenant_id,
    client_id,
    client_secret,
    alert_backlog,
  });
  await readJson(await fetch(url, { method: 'POST', headers, body }), name);
  return 'connected';
}

async function readJson(response: Response, name: string): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new LaunchError(
    `The workspace ${name} could not be connected: ${response.status} ${text.slice(0, 500)}`,
  );
}
