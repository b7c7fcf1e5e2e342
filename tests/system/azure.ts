import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { SimulatedWorkspace } from './simulated-tenant.ts';

interface AzureIncident {
  readonly name: string;
  readonly properties: {
    readonly incidentNumber: number;
    readonly severity: string;
    readonly status: string;
  };
}

export interface Azure {
  /** What the service itself answers for a workspace, page by page, without any of our code between. */
  incidents(workspace: SimulatedWorkspace): Promise<AzureIncident[]>;
  close(): Promise<void>;
}

const API_VERSION = '2025-09-01';

export function openAzure(url: string, caFile: string): Azure {
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } });

  const token = async (workspace: SimulatedWorkspace): Promise<string> => {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: workspace.client_id,
      client_secret: workspace.client_secret,
      scope: `${url}/.default`,
    });
    const answer = await request(`${url}/${workspace.tenant_id}/oauth2/v2.0/token`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const { access_token } = (await answer.body.json()) as { access_token: string };
    return access_token;
  };

  return {
    incidents: async (workspace) => {
      const headers = { authorization: `Bearer ${await token(workspace)}` };
      const { subscription_id, resource_group, workspace_name } = workspace;
      const path = `/subscriptions/${subscription_id}/resourceGroups/${resource_group}/providers/Microsoft.OperationalInsights/workspaces/${workspace_name}/providers/Microsoft.SecurityInsights/incidents`;
      const incidents: AzureIncident[] = [];
      let next: string | undefined = `${url}${path}?api-version=${API_VERSION}`;
      while (next) {
        const answer = await request(next, { dispatcher, headers });
        const page = (await answer.body.json()) as { value: AzureIncident[]; nextLink?: string };
        incidents.push(...page.value);
        next = page.nextLink;
      }
      return incidents;
    },
    close: () => dispatcher.close(),
  };
}
