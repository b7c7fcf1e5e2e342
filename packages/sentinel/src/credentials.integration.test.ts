import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Simulator, startSimulator } from '@socmate/azure-simulator';
import { trustAuthority } from '@socmate/testing';
import { checkWorkspace } from './check-workspace.ts';
import { createSentinelClient } from './sentinel-client.ts';
import type { SentinelWorkspace } from './workspace.ts';

let simulator: Simulator;
let kept: NodeJS.ProcessEnv;
const signal = new AbortController().signal;
const everything = { by: 'modified', since: new Date(0).toISOString(), signal } as const;

beforeAll(async () => {
  kept = { ...process.env };
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
});
afterAll(() => simulator.close());
beforeEach(async () => {
  process.env = { ...kept };
  await fetch(`${simulator.controlUrl}/faults`, { method: 'DELETE' });
  await fetch(`${simulator.controlUrl}/requests`, { method: 'DELETE' });
});

const azure = () => ({ authorityHost: simulator.url, resourceManagerUrl: simulator.url });
type Answered = Record<string, string> & Record<'applications' | 'identities', Record<string, string>[]>;
const control = async (path: string, body?: object): Promise<Answered> => {
  const init = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${simulator.controlUrl}${path}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Answered;
};
const aWorkspace = (only: object): SentinelWorkspace => {
  const found = simulator.workspaces.find(({ name }) => name === 'sample-rest')!;
  const workspace = {
    cloud: 'public',
    tenantId: found.tenant_id,
    subscriptionId: found.subscription_id,
    resourceGroup: found.resource_group,
    workspaceName: found.workspace_name,
    ...only,
  };
  return workspace as SentinelWorkspace;
};
const withSecret = async (name: string): Promise<SentinelWorkspace> => {
  const { applications } = await control('/applications');
  const found = applications.find((known) => known['name'] === name)!;
  const { client_id: clientId, client_secret: clientSecret } = found;
  return aWorkspace({ credentialType: 'secret', clientId, clientSecret });
};
const withCertificate = async (name: string): Promise<SentinelWorkspace> => {
  const { client_id, client_certificate } = await control(`/applications/${name}/certificate`);
  const credentials = { clientId: client_id, clientCertificate: client_certificate };
  return aWorkspace({ credentialType: 'certificate', ...credentials });
};
const inAzure = async () => {
  const { identity_endpoint, identity_header, identities } = await control('/managed-identities');
  process.env['IDENTITY_ENDPOINT'] = identity_endpoint;
  process.env['IDENTITY_HEADER'] = identity_header;
  return identities.find(({ name }) => name === 'user-assigned')?.['client_id'];
};
const read = async (workspace: SentinelWorkspace) => {
  const pages = createSentinelClient(azure(), workspace).incidentPages(everything);
  return (await pages[Symbol.asyncIterator]().next()).value;
};
const targets = async () => {
  const { requests } = (await control('/requests')) as unknown as {
    requests: { target: string; status: number }[];
  };
  return requests.map(({ target, status }) => `${target} ${status}`);
};
const asked = async () => (await targets()).filter((seen) => !seen.startsWith('discovery'));
const summary = async (workspace: SentinelWorkspace) => {
  const { status, checks } = await checkWorkspace(azure(), workspace, signal);
  return [status, ...checks.map((check) => check.status)];
};

test('a certificate opens a workspace as a secret does', async () => {
  await expect(read(await withCertificate('socmate'))).resolves.toMatchObject({ isLast: true });
  expect(await summary(await withCertificate('reader'))).toEqual([
    'healthy',
    'ok',
    'ok',
    'ok',
    'denied',
    'denied',
  ]);
});

test('a certificate that is not the application’s is refused at its field', async () => {
  const { clientId } = await withCertificate('reader');
  const foreign = { ...(await withCertificate('socmate')), clientId };
  const { status, checks } = await checkWorkspace(azure(), foreign as SentinelWorkspace, signal);
  expect(status).toBe('error');
  expect(checks[0]).toMatchObject({
    status: 'denied',
    field: 'client_certificate',
    message: expect.stringMatching(/^Entra ID refused the certificate .* \(AADSTS700027\)$/),
  });
});

test('the managed identity of where this runs opens a workspace', async () => {
  const clientId = await inAzure();
  const identity = { credentialType: 'managed_identity', clientId: undefined };
  expect(await summary(aWorkspace(identity))).toEqual(['healthy', 'ok', 'ok', 'ok', 'ok', 'ok']);
  expect(await summary(aWorkspace({ ...identity, clientId }))).toEqual([
    'healthy',
    'ok',
    'ok',
    'ok',
    'denied',
    'denied',
  ]);
});

test('an identity that is not assigned is refused, and one that cannot answer is not', async () => {
  await inAzure();
  const clientId = '00000000-0000-4000-8000-000000000000';
  const identity = aWorkspace({ credentialType: 'managed_identity', clientId });
  const tokenOf = async () => (await checkWorkspace(azure(), identity, signal)).checks[0];
  expect(await tokenOf()).toMatchObject({
    status: 'denied',
    field: 'client_id',
    message: expect.stringContaining('it is not assigned'),
  });
  await control('/faults', { target: 'token', kind: '500' });
  expect(await tokenOf()).toMatchObject({ status: 'failed', message: expect.stringContaining('500') });
  await fetch(`${simulator.controlUrl}/faults`, { method: 'DELETE' });
  await control('/faults', { target: 'token', kind: 'drop' });
  expect(await tokenOf()).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('nothing answers for managed identities'),
  });
});

test.each([
  ['socmate', ['healthy', 'ok', 'ok', 'ok', 'ok', 'ok']],
  ['reader', ['healthy', 'ok', 'ok', 'ok', 'denied', 'denied']],
  ['commenter-without-logs', ['healthy', 'ok', 'ok', 'denied', 'ok', 'denied']],
  ['incidents-alone', ['healthy', 'ok', 'ok', 'skipped', 'skipped', 'skipped']],
  ['reader-without-sentinel', ['error', 'ok', 'denied', 'denied', 'denied', 'denied']],
])('of application %s each permission is told', async (name, expected) => {
  expect(await summary(await withSecret(name))).toEqual(expected);
});

test('a permission that is missing is told with its role, and one that is unknown with the reason', async () => {
  const { checks } = await checkWorkspace(azure(), await withSecret('commenter-without-logs'), signal);
  expect(checks[2]).toMatchObject({ missingRole: 'Log Analytics Reader' });
  expect(checks[4]).toMatchObject({
    missingRole: 'Microsoft Sentinel Responder',
    message: expect.stringMatching(
      /may not change incidents: it lacks the role "Microsoft Sentinel Responder"/,
    ),
  });
  const alone = await checkWorkspace(azure(), await withSecret('incidents-alone'), signal);
  expect(alone.checks[2]?.message).toContain('may not read its own permissions');
});

test.each([
  ['secret', () => withSecret('socmate')],
  ['certificate', () => withCertificate('socmate')],
])('a token of a %s that has expired is renewed within the call', async (_, workspace) => {
  const opened = await workspace();
  await control('/faults', { target: 'token', kind: 'expired', count: 1 });
  await expect(read(opened)).resolves.toMatchObject({ isLast: true });
  expect(await asked()).toEqual(['token 200', 'incidents 401', 'token 200', 'incidents 200']);
});

test('a token that Azure refuses later is renewed, once for each call', async () => {
  const client = createSentinelClient(azure(), await withSecret('socmate'));
  const first = async () => (await client.incidentPages(everything)[Symbol.asyncIterator]().next()).value;
  const { incidents } = await first();
  await fetch(`${simulator.controlUrl}/requests`, { method: 'DELETE' });
  await control('/faults', { target: 'alerts', kind: 'expired', count: 1 });
  await expect(client.alertsOf(incidents[0].name, signal)).resolves.not.toHaveLength(0);
  expect(await asked()).toEqual(['alerts 401', 'token 200', 'alerts 200']);
  await control('/faults', { target: 'alerts', kind: 'expired' });
  const refused = client.alertsOf(incidents[0].name, signal);
  await expect(refused).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('did not accept the access token'),
  });
  expect((await targets()).filter((seen) => seen === 'alerts 401')).toHaveLength(3);
});
