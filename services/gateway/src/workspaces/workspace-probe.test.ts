import { expect, test } from '@jest/globals';
import { ProviderTest } from '@socmate/contracts';
import { AppError } from '@socmate/runtime';
import { ConnectionError, type WorkspaceCheck } from '@socmate/sentinel';
import { proveConnection, testConnection, type WorkspaceDirectory } from './workspace-probe.ts';

const message = 'Azure said so';
const id = '5d3c1a52-8f0e-4c5b-9a3b-0d6f4b1f7a10';
const given = ProviderTest.parse({ workspace_id: id, tenant_id: id, client_id: id, client_secret: 'secret' });
const place = { subscriptionId: id, resourceGroup: 'soc', workspaceName: 'prod' };

const lost = (fault: Error): WorkspaceDirectory => ({
  resolve: () => Promise.reject(fault),
  check: () => Promise.reject(new Error('there is nothing to check')),
});
const found = (checks: readonly WorkspaceCheck[]): WorkspaceDirectory => ({
  resolve: () => Promise.resolve(place),
  check: () => Promise.resolve({ status: 'error', message, latencyMs: 1, checks }),
});

test.each([
  [
    'a sign-in that is refused',
    new ConnectionError(message, { check: 'token', field: 'client_id' }),
    ['denied', 'skipped'],
  ],
  ['a sign-in without an answer', new ConnectionError(message, { check: 'token' }), ['failed', 'skipped']],
  [
    'a GUID that is refused',
    new ConnectionError(message, { check: 'incidents_read', field: 'workspace_id' }),
    ['ok', 'denied'],
  ],
  ['a list without an answer', new AppError('unavailable', message), ['ok', 'failed']],
])('%s is told at the check that it belongs to', async (_, fault, [token, incidents]) => {
  const health = await testConnection(lost(fault), given);
  expect(health).toMatchObject({ status: 'error', message });
  expect(health.checks).toMatchObject([
    { name: 'token', status: token },
    { name: 'incidents_read', status: incidents },
    { name: 'log_query', status: 'skipped' },
    { name: 'comment_write', status: 'skipped' },
    { name: 'incident_write', status: 'skipped' },
  ]);
});

test('a denied check is a 422 at its field, a failed one a 502', async () => {
  const ok = { name: 'token', status: 'ok' } as const;
  const denied = { name: 'incidents_read', status: 'denied', field: 'workspace_name', message } as const;
  await expect(proveConnection(found([ok, denied]), given)).rejects.toMatchObject({
    status: 422,
    issues: [{ loc: ['body', 'workspace_name'], msg: message }],
  });
  const failed = { name: 'incidents_read', status: 'failed', message } as const;
  await expect(proveConnection(found([ok, failed]), given)).rejects.toMatchObject({ status: 502, message });
});
