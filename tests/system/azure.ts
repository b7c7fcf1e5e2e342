import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { SimulatedWorkspace } from './simulated-tenant.ts';

export interface AzureIncident {
  readonly name: string;
  readonly properties: {
    readonly incidentNumber: number;
    readonly severity: string;
    readonly status: string;
    readonly createdTimeUtc: string;
    readonly additionalData: {
      readonly alertsCount: number;
      readonly mergedIncidentNumber?: number | string;
    };
  };
}

interface AzureAlert {
  readonly name: string;
  readonly properties: { readonly systemAlertId: string };
}

interface AzureDetails {
  readonly alerts: readonly AzureAlert[];
  readonly entities: readonly unknown[];
}

export interface Azure {
  /** What the service itself answers for a workspace, page by page, without any of our code between. */
  incidents(workspace: SimulatedWorkspace): Promise<AzureIncident[]>;
  details(workspace: SimulatedWorkspace, incidentName: string): Promise<AzureDetails>;
  /** The messages of an incident's comments. */
  comments(workspace: SimulatedWorkspace, incidentName: string): Promise<string[]>;
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

  const base = ({ subscription_id, resource_group, workspace_name }: SimulatedWorkspace): string =>
    `${url}/subscriptions/${subscription_id}/resourceGroups/${resource_group}/providers/Microsoft.OperationalInsights/workspaces/${workspace_name}/providers/Microsoft.SecurityInsights/incidents`;
  const query = `?api-version=${API_VERSION}`;
  return {
    incidents: async (workspace) => {
      const headers = { authorization: `Bearer ${await token(workspace)}` };
      const incidents: AzureIncident[] = [];
      let next: string | undefined = `${base(workspace)}${query}`;
      while (next) {
        const answer = await request(next, { dispatcher, headers });
        const page = (await answer.body.json()) as { value: AzureIncident[]; nextLink?: string };
        incidents.push(...page.value);
        next = page.nextLink;
      }
      return incidents;
    },
    details: async (workspace, incidentName) => {
      const headers = { authorization: `Bearer ${await token(workspace)}` };
      const ask = async (what: string): Promise<unknown> => {
        const path = `${base(workspace)}/${incidentName}/${what}${query}`;
        const answer = await request(path, { dispatcher, headers, method: 'POST' });
        if (answer.statusCode !== 200) throw new Error(`${what} of ${incidentName}: ${answer.statusCode}`);
        return answer.body.json();
      };
      const { value } = (await ask('alerts')) as { value: AzureAlert[] };
      const { entities } = (await ask('entities')) as { entities: unknown[] };
      return { alerts: value, entities };
    },
    comments: async (workspace, incidentName) => {
      const headers = { authorization: `Bearer ${await token(workspace)}` };
      const path = `${base(workspace)}/${incidentName}/comments${query}`;
      const answer = await request(path, { dispatcher, headers });
      const { value } = (await answer.body.json()) as { value: { properties: { message: string } }[] };
      return value.map(({ properties }) => properties.message);
    },
    close: () => dispatcher.close(),
  };
}
