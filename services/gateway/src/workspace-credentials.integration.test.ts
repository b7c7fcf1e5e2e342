import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { issueClientCertificate, type Simulator, startSimulator } from '@socmate/azure-simulator';
import { sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { createPool, type Pool } from '@socmate/database';
import { trustAuthority } from '@socmate/testing';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.ts';

const PATH = '/api/admin/siem-providers';
let simulator: Simulator;
let gateway: GatewayUnderTest;
let pool: Pool;

beforeAll(async () => {
  simulator = await startSimulator({ isPopulated: false });
  trustAuthority(simulator.caPem);
  const { identity_endpoint, identity_header } = await control('/managed-identities');
  process.env['IDENTITY_ENDPOINT'] = identity_endpoint;
  process.env['IDENTITY_HEADER'] = identity_header;
  gateway = await startGatewayUnderTest({
    AZURE_AUTHORITY_HOST: simulator.url,
    AZURE_RESOURCE_MANAGER_URL: simulator.url,
  });
  pool = createPool(gateway.config.DATABASE_URL, { size: 2, name: 'test' });
});
afterAll(async () => {
  await pool.end();
  await gateway.close();
  await simulator.close();
});
beforeEach(() => pool.query('TRUNCATE siem_provider CASCADE'));

async function control(path: string): Promise<Record<string, string>> {
  return (await (await fetch(`${simulator.controlUrl}${path}`)).json()) as Record<string, string>;
}
const place = (only: object = {}) => {
  const { name, workspace_id, tenant_id } = simulator.workspaces[0]!;
  return { name, provider_type: 'sentinel', workspace_id, tenant_id, ...only };
};
const withSecret = (only: object = {}) => {
  const { client_id, client_secret } = simulator.workspaces[0]!;
  return place({ client_id, client_secret, ...only });
};
const certificateOf = async (name: string) => {
  const { client_id, client_certificate } = await control(`/applications/${name}/certificate`);
  return { credential_type: 'certificate', client_id, client_certificate };
};
const userAssigned = async () => {
  const { identities } = (await control('/managed-identities')) as unknown as {
    identities: { name: string; client_id: string }[];
  };
  return identities.find(({ name }) => name === 'user-assigned')?.client_id;
};
const create = (body: object) => gateway.ask('POST', PATH, { body });
const created = async (body: object) => {
  const { status, json } = await create(body);
  expect([status, json]).toEqual([201, expect.anything()]);
  return json;
};
const patch = (id: string, body: object) => gateway.ask('PATCH', `${PATH}/${id}`, { body });
const trial = async (id: string) => (await gateway.ask('POST', `${PATH}/${id}/test`)).json;

test('a certificate connects a workspace, is sealed, and is shown by its thumbprint and its end alone', async () => {
  const credential = await certificateOf('socmate');
  const json = await created(place(credential));
  expect(json).toMatchObject({
    credential_type: 'certificate',
    client_id: credential.client_id,
    client_secret_masked: null,
    client_certificate_thumbprint: expect.stringMatching(/^[\dA-F]{40}$/),
    credential_expires_at: expect.stringMatching(/Z$/),
  });
  expect((await trial(json.id)).status).toBe('healthy');
  const { rows } = await pool.query('SELECT * FROM siem_provider');
  const sealer = createSealer(parseMasterKeys(gateway.config.MASTER_KEYS));
  const context = sealContext.clientCertificate(json.id);
  expect(sealer.open(rows[0].client_certificate_sealed, context)).toBe(credential.client_certificate);
  const told = [
    json,
    rows,
    await gateway.ask('GET', `${PATH}/${json.id}`),
    await gateway.ask('GET', '/api/admin/audit-log'),
  ];
  expect(JSON.stringify(told)).not.toContain('PRIVATE KEY');
});

test('a managed identity connects a workspace, with a client id or without one', async () => {
  const identity = { credential_type: 'managed_identity' };
  const json = await created(place(identity));
  expect(json).toMatchObject({ ...identity, client_id: null, client_secret_masked: null });
  expect(await trial(json.id)).toMatchObject({ status: 'healthy', message: expect.any(String) });
  const client_id = await userAssigned();
  expect((await patch(json.id, { client_id })).json).toMatchObject({ client_id });
  const { checks } = await trial(json.id);
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'incident_write', missing_role: 'Microsoft Sentinel Responder' }),
  );
  expect((await patch(json.id, { client_id: null })).json.client_id).toBeNull();
});

test('a patch changes from one kind of credential to another, and leaves nothing of the former', async () => {
  const { id } = await created(withSecret());
  const credential = await certificateOf('reader');
  const certified = await patch(id, credential);
  expect([certified.status, certified.json]).toMatchObject([200, { client_secret_masked: null }]);
  const managed = await patch(id, { credential_type: 'managed_identity' });
  expect(managed.json).toMatchObject({
    client_id: null,
    client_certificate_thumbprint: null,
    credential_expires_at: null,
  });
  const { rows } = await pool.query(
    'SELECT client_secret_sealed, client_certificate_sealed FROM siem_provider',
  );
  expect(rows).toEqual([{ client_secret_sealed: null, client_certificate_sealed: null }]);
  const { client_id, client_secret } = withSecret() as unknown as Record<string, string>;
  const back = await patch(id, { credential_type: 'secret', client_id, client_secret });
  expect(back.json).toMatchObject({ client_id, client_secret_masked: expect.stringMatching(/^\*{4}/) });
  const { json } = await gateway.ask(
    'GET',
    `/api/admin/audit-log?target_id=${id}&action=siem_provider.updated`,
  );
  expect(json.items.map(({ after }: { after: object }) => after)).toMatchObject([
    { credential_type: 'secret' },
    { credential_type: 'managed_identity' },
    { credential_type: 'certificate', client_certificate_thumbprint: expect.any(String) },
  ]);
});

test('a workspace that is connected again with another credential keeps nothing of the former', async () => {
  const { id } = await created(withSecret());
  await gateway.ask('DELETE', `${PATH}/${id}`);
  const again = await created(place(await certificateOf('socmate')));
  expect(again).toMatchObject({ id, client_secret_masked: null });
});

test('an application that may only read is connected, and told what it lacks', async () => {
  const { json } = await gateway.ask('POST', `${PATH}/test`, { body: place(await certificateOf('reader')) });
  expect(json).toMatchObject({
    status: 'healthy',
    checks: [
      { name: 'token', status: 'ok' },
      { name: 'incidents_read', status: 'ok' },
      { name: 'log_query', status: 'ok' },
      { name: 'comment_write', status: 'denied', missing_role: 'Microsoft Sentinel Responder' },
      { name: 'incident_write', status: 'denied', missing_role: 'Microsoft Sentinel Responder' },
    ],
  });
  await created(place(await certificateOf('reader')));
});

test('a certificate that Entra ID does not know is refused at its field, and does not replace one that works', async () => {
  const client_certificate = await issueClientCertificate('stranger', new Date());
  const credential = { ...(await certificateOf('socmate')), client_certificate };
  const refused = await create(place(credential));
  expect([refused.status, refused.json.detail]).toMatchObject([
    422,
    [{ loc: ['body', 'client_certificate'], type: 'connection_refused' }],
  ]);
  const { id } = await created(withSecret());
  expect((await patch(id, credential)).status).toBe(422);
  expect(await trial(id)).toMatchObject({ status: 'healthy' });
  expect(JSON.stringify(refused.json)).not.toContain('BEGIN');
});

const client_id = '5d3c1a52-8f0e-4c5b-9a3b-0d6f4b1f7a10';
const certificate = { credential_type: 'certificate', client_id };

test.each<[object, string, string, RegExp]>([
  [{}, 'client_id', 'missing', /required/],
  [{ client_id }, 'client_secret', 'missing', /required/],
  [{ client_id: null, client_secret: 'x' }, 'client_id', 'value_error', /required/],
  [certificate, 'client_certificate', 'missing', /required/],
  [
    { ...certificate, client_certificate: 'x' },
    'client_certificate',
    'invalid_certificate',
    /holds no certificate/,
  ],
  [
    { ...certificate, client_certificate: 'x', client_secret: 'x' },
    'client_secret',
    'value_error',
    /does not belong to a credential_type of certificate/,
  ],
  [
    { client_id, client_secret: 'x', client_certificate: 'x' },
    'client_certificate',
    'value_error',
    /of secret/,
  ],
  [
    { credential_type: 'managed_identity', client_secret: 'x' },
    'client_secret',
    'value_error',
    /managed_identity/,
  ],
  [{ credential_type: 'password', client_id }, 'credential_type', 'invalid_value', /./],
  [{ credential_type: 'managed_identity', client_id: 'mine' }, 'client_id', 'invalid_format', /GUID/],
  [{ ...certificate, client_certificate: 'x'.repeat(20_001) }, 'client_certificate', 'too_big', /20000/],
  [{ client_id, client_secret: 'x', include_closed: 'yes' }, 'include_closed', 'invalid_type', /./],
  [{ client_id, client_secret: 'x', allow_status_changes: 1 }, 'allow_status_changes', 'invalid_type', /./],
])('connecting with %j is 422 at that field', async (given, field, type, message) => {
  const { status, json } = await create(place(given));
  expect([status, json.detail[0]]).toEqual([
    422,
    { loc: ['body', field], type, msg: expect.stringMatching(message) },
  ]);
});

test.each<[object, string]>([
  [{ client_certificate: 'x' }, 'client_certificate'],
  [{ credential_type: 'certificate' }, 'client_certificate'],
  [{ credential_type: 'managed_identity', client_secret: 'x' }, 'client_secret'],
  [{ client_id: null }, 'client_id'],
])('a patch of a secret by %j is 422 at that field', async (given, field) => {
  const { id } = await created(withSecret());
  const { status, json } = await patch(id, given);
  expect([status, json.detail[0].loc]).toEqual([422, ['body', field]]);
});

test('a workspace whose secret can no longer be opened is renamed, and mended by a new one', async () => {
  const { id } = await created(withSecret());
  await pool.query(`UPDATE siem_provider SET client_secret_sealed = 'lost'`);
  expect((await patch(id, { name: 'renamed' })).status).toBe(200);
  const { client_secret } = simulator.workspaces[0]!;
  expect((await patch(id, { client_secret })).status).toBe(200);
  expect(await trial(id)).toMatchObject({ status: 'healthy' });
});

test('a patch of a managed identity to a secret needs the id of the application, too', async () => {
  const { id } = await created(place({ credential_type: 'managed_identity' }));
  const { status, json } = await patch(id, { credential_type: 'secret', client_secret: 'x' });
  expect([status, json.detail]).toEqual([
    422,
    [{ loc: ['body', 'client_id'], msg: 'required with credential_type secret', type: 'missing' }],
  ]);
});
