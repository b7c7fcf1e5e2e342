import { ClientCertificateCredential, ManagedIdentityCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { issueClientCertificate } from './client-certificates.ts';
import { type Simulator, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

const SCOPE = 'https://management.azure.com/.default';
let simulator: Simulator;
let kept: NodeJS.ProcessEnv;
beforeAll(async () => {
  kept = { ...process.env };
  simulator = await startSimulator({ isPopulated: false });
  const { body } = await control(simulator, '/managed-identities');
  const given = body as { identity_endpoint: string; identity_header: string };
  process.env['IDENTITY_ENDPOINT'] = given.identity_endpoint;
  process.env['IDENTITY_HEADER'] = given.identity_header;
});
afterAll(async () => {
  process.env = kept;
  await simulator.close();
});
afterEach(async () => {
  await control(simulator, '/clock', { offset: 'PT0S' });
});

const options = () => ({
  authorityHost: simulator.url,
  disableInstanceDiscovery: true,
  tlsOptions: { ca: simulator.caPem },
});
const certificateOf = async (name: string) => {
  const { body } = await control(simulator, `/applications/${name}/certificate`);
  return body as { client_id: string; client_certificate: string };
};
const signIn = async (clientId: string, certificate: string) => {
  const { tenant_id } = connection(simulator);
  return new ClientCertificateCredential(tenant_id, clientId, { certificate }, options()).getToken(SCOPE);
};
const identities = async () => {
  const { body } = await control(simulator, '/managed-identities');
  return (body as { identities: { name: string; client_id: string }[] }).identities;
};

test('the Azure identity library gets a token with the registered certificate, and the same one is kept', async () => {
  const { client_id, client_certificate } = await certificateOf('socmate');
  const { token } = await signIn(client_id, client_certificate);
  expect(decodeJwt(token)['appid']).toBe(client_id);
  expect(await certificateOf('socmate')).toMatchObject({ client_certificate });
  expect((await control(simulator, '/applications/none/certificate')).status).toBe(404);
});

test('a certificate that is not registered, or is over, or another application’s is refused as Entra refuses it', async () => {
  const { client_id, client_certificate } = await certificateOf('socmate');
  const other = await issueClientCertificate('socmate', new Date());
  await expect(signIn(client_id, other)).rejects.toThrow(/AADSTS700027.*key was not found/);
  const { client_id: reader } = await certificateOf('reader');
  await expect(signIn(reader, client_certificate)).rejects.toThrow(/AADSTS700027/);
  await control(simulator, '/clock', { offset: 'PT1H' });
  await expect(signIn(client_id, client_certificate)).rejects.toThrow(/AADSTS700024/);
  await control(simulator, '/clock', { offset: 'P366D' });
  await expect(signIn(client_id, client_certificate)).rejects.toThrow(/AADSTS700027.*expired/);
});

test('the Azure identity library gets a token of each managed identity', async () => {
  const tlsOptions = { ca: simulator.caPem };
  for (const { name, client_id } of await identities()) {
    const given = name === 'system-assigned' ? { tlsOptions } : { tlsOptions, clientId: client_id };
    const { token } = await new ManagedIdentityCredential(given).getToken(SCOPE);
    expect(decodeJwt(token)['appid']).toBe(client_id);
  }
  const { client_id: clientId } = await certificateOf('socmate');
  await expect(new ManagedIdentityCredential({ tlsOptions, clientId }).getToken(SCOPE)).rejects.toThrow();
});

test('a managed identity’s tokens are for whoever has its header, and for what is a resource', async () => {
  const ask = (query: string, header = process.env['IDENTITY_HEADER'] ?? '') =>
    send(simulator, `/msi/token?${query}`, { headers: { 'x-identity-header': header } });
  const resource = 'resource=https%3A%2F%2Fmanagement.azure.com';
  const status = async (...given: Parameters<typeof ask>) => (await ask(...given)).status;
  expect(await status(`${resource}&api-version=2019-08-01`)).toBe(200);
  expect(await status(`${resource}&api-version=2019-08-01`, 'wrong')).toBe(401);
  expect(await status(`${resource}&api-version=2017-09-01`)).toBe(400);
  expect(await status('resource=https%3A%2F%2Fx.example&api-version=2019-08-01')).toBe(400);
});

test('whoever may only read is refused each write, and whoever may only comment a change', async () => {
  const { body } = await control(simulator, '/applications');
  const { applications } = body as { applications: Record<string, string>[] };
  const put = async (name: string, below: string) => {
    const { client_id = '', client_secret = '' } = applications.find((known) => known['name'] === name) ?? {};
    const headers = {
      ...(await bearer(simulator, { client_id, client_secret })),
      'content-type': 'application/json',
    };
    const path = incidentsPath(connection(simulator, 'sample-rest'), below);
    return send(simulator, path, { method: 'PUT', headers, body: '{"properties":{"message":"seen"}}' });
  };
  const [incident] = (
    (await send(simulator, incidentsPath(connection(simulator, 'sample-rest')), {
      headers: await bearer(simulator),
    })) as { body: { value: { name: string }[] } }
  ).body.value;
  const comment = `/${incident?.name}/comments/5d3c1a52-8f0e-4c5b-9a3b-0d6f4b1f7a10`;
  const refused = [403, { error: { code: 'AuthorizationFailed' } }];
  const outcome = async (...given: Parameters<typeof put>) => {
    const { status, body: answered } = await put(...given);
    return [status, answered];
  };
  expect(await outcome('reader', comment)).toMatchObject(refused);
  expect(await outcome('reader', `/${incident?.name}`)).toMatchObject(refused);
  expect(await outcome('commenter-without-logs', `/${incident?.name}`)).toMatchObject(refused);
  expect((await put('commenter-without-logs', comment)).status).toBeLessThan(300);
});

test('the permissions of whoever asks are told role by role, and refused to who may not read them', async () => {
  const { subscription_id, resource_group, workspace_name } = connection(simulator);
  const path = `/subscriptions/${subscription_id}/resourceGroups/${resource_group}/providers/Microsoft.OperationalInsights/workspaces/${workspace_name}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  const { body } = await control(simulator, '/applications');
  const { applications } = body as { applications: Record<string, string>[] };
  const ask = async (name: string) => {
    const { client_id = '', client_secret = '' } = applications.find((known) => known['name'] === name) ?? {};
    return send(simulator, path, { headers: await bearer(simulator, { client_id, client_secret }) });
  };
  const commenter = {
    actions: expect.arrayContaining(['Microsoft.SecurityInsights/*']),
    notActions: expect.arrayContaining(['Microsoft.SecurityInsights/incidents/write']),
    dataActions: [],
    notDataActions: [],
  };
  expect((await ask('commenter-without-logs')).body).toEqual({ value: [commenter] });
  expect((await ask('socmate')).body).toEqual({ value: [expect.anything(), expect.anything()] });
  expect((await ask('incidents-alone')).body).toMatchObject({ error: { code: 'AuthorizationFailed' } });
});
