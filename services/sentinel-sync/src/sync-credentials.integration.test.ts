import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sealContext } from '@socmate/contracts';
import { createSealer, parseMasterKeys } from '@socmate/crypto';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

let fixture: SyncFixture;
beforeAll(async () => {
  fixture = await openSyncFixture();
});
afterEach(() => fixture.clean());
afterAll(() => fixture.close());

const ask = async (path: string): Promise<Record<string, string>> =>
  (await (await fetch(`${fixture.simulator.controlUrl}${path}`)).json()) as Record<string, string>;
const withoutSecret = { client_secret_sealed: null, client_secret_masked: null };

async function certificateColumns(id: string): Promise<object> {
  const { client_id, client_certificate = '' } = await ask('/applications/reader/certificate');
  const sealer = createSealer(parseMasterKeys(fixture.env['MASTER_KEYS'] ?? ''));
  return {
    client_id,
    client_certificate_sealed: sealer.seal(client_certificate, sealContext.clientCertificate(id)),
    client_certificate_thumbprint: 'any',
  };
}

async function identityColumns(): Promise<object> {
  const { identity_endpoint, identity_header } = await ask('/managed-identities');
  process.env['IDENTITY_ENDPOINT'] = identity_endpoint;
  process.env['IDENTITY_HEADER'] = identity_header;
  return { client_id: null };
}

test.each([
  ['certificate', certificateColumns],
  ['managed_identity', identityColumns],
])('a workspace is synced with a %s', async (type, columnsOf) => {
  await fixture.control.post('/generate', { incidents: 3, seed: 5 });
  const id = `prv_${type}`;
  await fixture.connect({ ...withoutSecret, credential_type: type, ...(await columnsOf(id)), id });
  await fixture.start();
  expect(await fixture.synced(id)).toMatchObject({ last_error: null });
  expect(await fixture.count('incident')).toBe(3);
});

test('a token that Azure refuses is renewed, and the sync goes on as if nothing were', async () => {
  await fixture.control.post('/generate', { incidents: 120, seed: 5 });
  const id = await fixture.connect();
  await fixture.control.post('/faults', { target: 'incidents', kind: 'expired', count: 1 });
  await fixture.start();
  expect(await fixture.synced(id)).toMatchObject({ last_error: null, consecutive_failures: 0 });
  expect(await fixture.count('incident')).toBe(120);
});
