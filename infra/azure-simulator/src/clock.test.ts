import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, startSimulator } from './index.ts';
import { askToken, bearer, connection, control, incidentsPath, send } from './test-client.ts';

const NOW = '2026-03-01T12:00:00.000Z';
let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ seed: 'clock', clock: { now: () => new Date(NOW) } });
});
afterEach(() => simulator.close());

const moveBy = (offset: string) => control(simulator, '/clock', { offset });
const list = async (headers?: Record<string, string>) =>
  send(simulator, incidentsPath(connection(simulator)), { headers: headers ?? (await bearer(simulator)) });
const newest = async () => ((await list()).body as { value: Resource[] }).value[0]?.properties;

test('what happens after the clock was moved happens then', async () => {
  expect((await moveBy('PT5H')).body).toEqual({ now: '2026-03-01T17:00:00.000Z', offset_s: 18_000 });
  await control(simulator, '/scenarios/password-spray/run', {});
  expect(await newest()).toMatchObject({
    createdTimeUtc: '2026-03-01T16:20:00.0000000Z',
    lastModifiedTimeUtc: expect.stringMatching(/^2026-03-01T16:59:59/),
  });
  expect((await list()).headers['date']).toBe('Sun, 01 Mar 2026 17:00:00 GMT');
  await moveBy('-PT5M');
  expect((await control(simulator, '/clock')).body).toEqual({
    now: '2026-03-01T11:55:00.000Z',
    offset_s: -300,
  });
  await control(simulator, '/reset', {});
  expect((await control(simulator, '/clock')).body).toEqual({ now: NOW, offset_s: 0 });
});

test('a token ends when the clock has passed its end, and is not yet valid before its beginning', async () => {
  const headers = await bearer(simulator);
  await moveBy('PT1H');
  expect((await list(headers)).body).toMatchObject({ error: { code: 'ExpiredAuthenticationToken' } });
  await moveBy('-PT10M');
  expect((await list(headers)).status).toBe(401);
  expect((await askToken(simulator)).status).toBe(200);
  expect((await list()).status).toBe(200);
});

test('a read quota is free again when the clock has passed its five minutes', async () => {
  const headers = await bearer(simulator);
  const [incident] = ((await list(headers)).body as { value: Resource[] }).value;
  const path = incidentsPath(connection(simulator), `/${incident?.name}/alerts`);
  const read = async () => (await send(simulator, path, { method: 'POST', headers })).status;
  for (let reads = 0; reads < 100; reads++) await read();
  expect(await read()).toBe(429);
  await moveBy('PT5M1S');
  expect(await read()).toBe(200);
});

test('what happened while the clock was moved is the same after a restart, and the clock is back', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'simulator-clock-'));
  const open = () => startSimulator({ dataDir, clock: { now: () => new Date(NOW) } });
  const incidents = async (of: Simulator) =>
    (await send(of, incidentsPath(connection(of)), { headers: await bearer(of) })).body;
  const first = await open();
  await control(first, '/clock', { offset: '-PT2H' });
  await control(first, '/generate', { incidents: 5 });
  await control(first, '/incidents/1', { severity: 'Low' });
  const before = await incidents(first);
  await first.close();
  const second = await open();
  expect(await incidents(second)).toEqual(JSON.parse(JSON.stringify(before)));
  expect((await control(second, '/clock')).body).toEqual({ now: NOW, offset_s: 0 });
  await second.close();
  await rm(dataDir, { recursive: true });
});

test.each([{}, { offset: 'five hours' }, { offset: 'P2Y' }, { offset: 'P400D' }, { offset: 5 }])(
  'a clock cannot be moved by %j',
  async (body) => {
    const answer = await control(simulator, '/clock', body);
    expect([answer.status, answer.body]).toEqual([422, { detail: expect.stringMatching(/^offset: /) }]);
  },
);
