import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import type { SimulatedWorkspace } from '../system/simulated-tenant.ts';
import { type System, startSystem } from '../system/start-system.ts';

const PATH = '/api/v1/incidents/34';
let system: System;
let workspace: SimulatedWorkspace;

beforeAll(async () => {
  system = await startSystem();
  workspace = (await system.tenant.workspaces()).find(({ name }) => name === 'sample-rest')!;
  await system.connect(workspace, { first_window: 'P10Y' });
  await until('a real incident is synced', async () => (await system.api('GET', PATH)).status === 200);
}, 60_000);
afterAll(() => system?.close(), 60_000);

const azureIncident = async () =>
  (await system.azure.incidents(workspace)).find(({ properties }) => properties.incidentNumber === 34)!;

test('a comment goes to Sentinel with its marker, without Redis too', async () => {
  const posted = async (message: string): Promise<string> => {
    const { status, body } = await system.api('POST', `${PATH}/comments`, { message });
    expect(status).toBe(202);
    const read = () => system.api('GET', `${PATH}/comments/${body.comment_id}`);
    await until('the comment is posted', async () => (await read()).body.status === 'posted');
    return `${message}\n\n[SoCMate ${body.comment_id}]`;
  };
  const first = await posted('Blocked the address.');
  await system.redis.stop();
  const second = await posted('And the account.');
  const comments = await system.azure.comments(workspace, (await azureIncident()).name);
  expect(comments.filter((message) => message.includes('[SoCMate')).toSorted()).toEqual(
    [first, second].toSorted(),
  );
});

test('a real incident is closed and keeps all else, once its workspace allows it', async () => {
  const close = {
    status: 'closed',
    classification: 'true_positive',
    reason: 'suspicious_activity',
    comment: 'Contained',
  };
  const refused = await system.api('POST', `${PATH}/status`, close);
  expect([refused.status, refused.body.detail]).toEqual([
    403,
    expect.stringContaining('allow_status_changes'),
  ]);
  await system.database.query('UPDATE siem_provider SET allow_status_changes = true');
  const before = (await azureIncident()).properties;
  const { status, body } = await system.api('POST', `${PATH}/status`, close);
  expect([status, body]).toMatchObject([200, { status: 'applied', after: close }]);
  const { lastModifiedTimeUtc: _, ...after } = (await azureIncident()).properties as Record<string, unknown> &
    typeof before;
  const { lastModifiedTimeUtc: __, ...kept } = before as typeof after;
  expect(after).toEqual({
    ...kept,
    status: 'Closed',
    classification: 'TruePositive',
    classificationReason: 'SuspiciousActivity',
    classificationComment: 'Contained',
  });
  await until('the change is synced', async () => (await system.api('GET', PATH)).body.status === 'closed');
});
