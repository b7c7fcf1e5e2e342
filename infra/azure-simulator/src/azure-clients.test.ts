import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecurityInsights } from '@azure/arm-securityinsight';
import { ClientSecretCredential } from '@azure/identity';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Simulator, startSimulator, type WorkspaceConnection } from './index.ts';
import { SHIPPED } from './test-client.ts';

// Loaded after the identity library: Jest cannot require what the import of the other is still loading.
const { SecurityInsights: Client } = await import('@azure/arm-securityinsight');

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const workspace = (name: string): WorkspaceConnection =>
  simulator.workspaces.find((known) => known.name === name)!;

const tlsOptions = () => ({ ca: simulator.caPem });

const credential = (at: WorkspaceConnection, secret = at.client_secret): ClientSecretCredential =>
  new ClientSecretCredential(at.tenant_id, at.client_id, secret, {
    authorityHost: simulator.url,
    disableInstanceDiscovery: true,
    tlsOptions: tlsOptions(),
  });

const client = (at: WorkspaceConnection): SecurityInsights =>
  new Client(credential(at), at.subscription_id, {
    endpoint: simulator.url,
    $host: simulator.url,
    apiVersion: '2025-09-01',
    tlsOptions: tlsOptions(),
  });

const sample = (file: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'samples', file), 'utf8'));

/** The body that came over the wire: the client library's own reading of it loses fields. */
async function rawBodies(at: WorkspaceConnection, top = 50): Promise<Record<string, unknown>[]> {
  const bodies: Record<string, unknown>[] = [];
  const options = {
    top,
    orderby: 'properties/lastModifiedTimeUtc asc',
    onResponse: (raw: { bodyAsText?: string | null }) => void bodies.push(JSON.parse(raw.bodyAsText ?? '{}')),
  };
  const pages = client(at).incidents.list(at.resource_group, at.workspace_name, options).byPage();
  for await (const page of pages) expect(page.length).toBeLessThanOrEqual(top);
  return bodies;
}

test('the Azure identity library gets a token for Resource Manager', async () => {
  const token = await credential(workspace('prod-sentinel')).getToken(
    'https://management.azure.com/.default',
  );
  expect(token.expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_000_000);
});

test('the Azure identity library sees a wrong secret as Entra reports it', async () => {
  const asked = credential(workspace('prod-sentinel'), 'wrong').getToken(
    'https://management.azure.com/.default',
  );
  await expect(asked).rejects.toThrow(/AADSTS7000215/);
});

test('every scenario has occurred once when the simulator first starts', async () => {
  const [page] = await rawBodies(workspace('prod-sentinel'));
  expect(page?.['value']).toHaveLength(SHIPPED);
});

test('the SecurityInsights client follows the links through all pages', async () => {
  const at = workspace('prod-sentinel');
  const bodies = await rawBodies(at, SHIPPED - 1);
  expect(bodies.map(({ value }) => (value as unknown[]).length)).toEqual([SHIPPED - 1, 1]);
  expect(bodies[0]?.['nextLink']).toMatch(new RegExp(`^${simulator.url}/subscriptions/`));
});

test.each([5, 34, 38, 55])(
  'sample incident %i, its alerts and entities come out as they are',
  async (number) => {
    const at = workspace('sample-rest');
    const { name } = sample(`rest/incident_${number}.incident.json`) as { name: string };
    const { incidents } = client(at);
    const seen: unknown[] = [];
    const options = {
      onResponse: (raw: { bodyAsText?: string | null }) => void seen.push(JSON.parse(raw.bodyAsText!)),
    };
    await incidents.get(at.resource_group, at.workspace_name, name, options);
    await incidents.listAlerts(at.resource_group, at.workspace_name, name, options);
    await incidents.listEntities(at.resource_group, at.workspace_name, name, options);
    expect(seen).toEqual(
      ['incident', 'alerts', 'entities'].map((kind) => sample(`rest/incident_${number}.${kind}.json`)),
    );
  },
);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('the SecurityInsights client writes, comments on, relates and deletes an incident', async () => {
  const at = workspace('prod-sentinel');
  const { incidents, incidentComments, incidentRelations } = client(at);
  const place = [at.resource_group, at.workspace_name] as const;
  const [one, other] = await all(incidents.list(...place));
  const { name, etag, title, severity } = one!;
  const change = { etag: etag!, title: title!, severity: severity!, status: 'Active' };
  const changed = await incidents.createOrUpdate(...place, name!, change);
  expect(changed).toMatchObject({ title, severity, status: 'Active' });
  await expect(incidents.createOrUpdate(...place, name!, change)).rejects.toMatchObject({
    statusCode: 409,
    code: 'Conflict',
  });
  await incidentComments.createOrUpdate(...place, name!, 'mine', { message: 'Looked at' });
  const comments = await all(incidentComments.list(...place, name!));
  expect(comments).toMatchObject([{ name: 'mine', message: 'Looked at', author: { name: 'socmate' } }]);
  const [relation] = await all(incidentRelations.list(...place, name!));
  const { relatedResourceId } = relation!;
  await incidentRelations.createOrUpdate(...place, other!.name!, 'moved', {
    relatedResourceId: relatedResourceId!,
  });
  const { value: alerts } = await incidents.listAlerts(...place, other!.name!);
  expect(alerts.map(({ id }) => id)).toContain(relatedResourceId);
  await incidentComments.delete(...place, name!, 'mine');
  await incidents.delete(...place, name!);
  await expect(incidents.get(...place, name!)).rejects.toMatchObject({ statusCode: 404, code: 'NotFound' });
});
