import { readdirSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Simulator } from './simulator.ts';
import type { WorkspaceConnection } from './workspace.ts';

/** How many scenarios ship: as many incidents as there are after the first start. */
export const SHIPPED = readdirSync(join(import.meta.dirname, '..', 'scenarios')).length;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const parse = async (text: string): Promise<unknown> => (text === '' ? {} : JSON.parse(text));

/** A plain client for tests: it trusts the simulator's authority, and nothing is retried. */
export function send(simulator: Simulator, path: string, sent: Sent = {}): Promise<Answer> {
  const url = path.startsWith('https:') ? path : `${simulator.url}${path}`;
  const { method = 'GET', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers, ca: simulator.caPem, agent: false }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => {
        text += chunk;
      });
      res.on('end', () => {
        const { statusCode: status = 0, headers: answered } = res;
        parse(text).then((parsed) => resolve({ status, headers: answered, body: parsed }), reject);
      });
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

export type TokenForm = Partial<Record<'client_id' | 'client_secret' | 'scope' | 'grant_type', string>>;

export function askToken(
  simulator: Simulator,
  form: TokenForm = {},
  tenant = connection(simulator).tenant_id,
): Promise<Answer> {
  const { client_id, client_secret } = connection(simulator);
  const asked = {
    grant_type: 'client_credentials',
    scope: 'https://management.azure.com/.default',
    client_id,
    client_secret,
    ...form,
  };
  return send(simulator, `/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(asked).toString(),
  });
}

export async function bearer(simulator: Simulator, form: TokenForm = {}): Promise<Record<string, string>> {
  const { body } = await askToken(simulator, form);
  return { authorization: `Bearer ${(body as { access_token: string }).access_token}` };
}

export function connection(simulator: Simulator, name = 'prod-sentinel'): WorkspaceConnection {
  const found = simulator.workspaces.find((known) => known.name === name);
  if (!found) throw new Error(`no workspace ${name}`);
  return found;
}

/** The path of a workspace's incidents, or of what lies below them. */
export function incidentsPath(
  at: WorkspaceConnection,
  below = '',
  query: Record<string, string> = {},
): string {
  const workspace = `/subscriptions/${at.subscription_id}/resourceGroups/${at.resource_group}/providers/Microsoft.OperationalInsights/workspaces/${at.workspace_name}`;
  const options = new URLSearchParams({ 'api-version': '2025-09-01', ...query }).toString();
  return `${workspace}/providers/Microsoft.SecurityInsights/incidents${below}?${options}`;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Calls the control API; a given body makes it a POST. */
export async function control(
  simulator: Simulator,
  path: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
): Promise<ControlAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${simulator.controlUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: text }),
  });
  const answered = await answer.text();
  return { status: answer.status, body: answered === '' ? undefined : JSON.parse(answered) };
}
