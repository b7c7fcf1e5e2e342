import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './index.ts';
import { bearer, connection, control, incidentsPath, SHIPPED, send } from './test-client.ts';

let dataDir: string;
let running: Simulator[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
  rmSync(dataDir, { recursive: true });
});

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ dataDir, ...options });
  running.push(simulator);
  return simulator;
}

async function restart(simulator: Simulator): Promise<Simulator> {
  await simulator.close();
  running = running.filter((known) => known !== simulator);
  return start();
}

async function incidents(simulator: Simulator, name = 'prod-sentinel'): Promise<Resource[]> {
  const headers = await bearer(simulator);
  const { body } = await send(simulator, incidentsPath(connection(simulator, name)), { headers });
  return (body as { value: Resource[] }).value;
}

test('after a restart everything is as it was: incidents, changes, connections, certificates, tokens', async () => {
  const first = await start();
  await control(first, '/workspaces', { name: 'added' });
  await control(first, '/generate', { incidents: 20, seed: 3 });
  await control(first, '/scenarios/password-spray/run?workspace=added', {});
  await control(first, '/incidents/2', { severity: 'High', title: 'Changed' });
  await control(first, '/incidents/44271?workspace=sample-verbatim', { status: 'Active' });
  const token = await bearer(first);
  const names = ['prod-sentinel', 'sample-verbatim'];
  const before = await Promise.all(names.map((name) => incidents(first, name)));

  const second = await restart(first);
  expect(await Promise.all(names.map((name) => incidents(second, name)))).toEqual(before);
  expect(await incidents(second, 'added')).toHaveLength(1);
  expect(second.workspaces.filter(({ name }) => name !== 'added')).toEqual(first.workspaces);
  expect(second.caPem).toBe(first.caPem);
  const kept = await send(second, incidentsPath(connection(second)), { headers: token });
  expect(kept.status).toBe(200);
});

test('numbers go on after a reset and a restart', async () => {
  const first = await start();
  await control(first, '/generate', { incidents: 10 });
  await control(first, '/reset', { only: [] });
  const second = await restart(first);
  expect(await incidents(second)).toEqual([]);
  const { body } = await control(second, '/scenarios/password-spray/run', {});
  expect(body).toMatchObject({ incident_number: SHIPPED + 11 });
});

test('a journal whose last line was torn by a kill does not prevent a start', async () => {
  const first = await start();
  const before = await incidents(first);
  await first.close();
  running = [];
  appendFileSync(join(dataDir, 'journal.jsonl'), '{"op":"generate","at":"20');
  expect(await incidents(await start())).toEqual(before);
});

test('a scenario folder that is added later occurs once, in the workspace it names', async () => {
  const first = await start();
  await first.close();
  running = [];
  const folder = join(dataDir, 'more');
  const shipped = join(import.meta.dirname, '..', 'scenarios', 'password-spray.json');
  mkdirSync(folder);
  const scenario = {
    ...JSON.parse(readFileSync(shipped, 'utf8')),
    id: 'other-spray',
    workspace: 'branch-office',
  };
  writeFileSync(join(folder, 'other.json'), JSON.stringify(scenario));
  for (let i = 0; i < 2; i++) {
    const simulator = await start({ scenarioDirs: [folder] });
    expect(await incidents(simulator)).toHaveLength(SHIPPED);
    expect(await incidents(simulator, 'branch-office')).toHaveLength(1);
    await simulator.close();
    running = [];
  }
  const without = await start();
  expect(await incidents(without, 'branch-office')).toEqual([]);
});

test('keys are for their owner only', async () => {
  await start();
  for (const file of ['tls/ca.key', 'tls/server.key', 'signing-key.json', 'tenant.json', 'journal.jsonl']) {
    expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, 0o600]);
  }
});

test('scenarios occur again by themselves, by turns, and a restart goes on where they were', async () => {
  const timesRun = async (simulator: Simulator): Promise<number[]> => {
    const { body } = await control(simulator, '/scenarios');
    return (body as { scenarios: { times_run: number }[] }).scenarios.map(({ times_run }) => times_run);
  };
  const untilEachRan = async (simulator: Simulator, wanted: number): Promise<void> => {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await delay(5)) {
      const times = await timesRun(simulator);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      if (Math.min(...times) >= wanted) return;
    }
    throw new Error(`not every scenario ran ${wanted} times`);
  };
  const first = await start({ recurEveryMs: 20 });
  expect(await timesRun(first)).toHaveLength(SHIPPED);
  await untilEachRan(first, 2);
  while (new Set(await timesRun(first)).size === 1) await delay(5);
  await first.close();
  running = [];
  await untilEachRan(await start({ recurEveryMs: 20 }), 4);
});

test('with the limit of reads switched off, a load test may read on', async () => {
  const simulator = await start({ isReadQuotaEnforced: false });
  const [incident] = await incidents(simulator, 'sample-verbatim');
  const headers = await bearer(simulator);
  const path = incidentsPath(connection(simulator, 'sample-verbatim'), `/${incident?.name}/alerts`);
  for (let i = 0; i < 105; i++) {
    expect((await send(simulator, path, { method: 'POST', headers })).status).toBe(200);
  }
});

test('given a host, its certificate and its addresses bear that name, in a data folder of before as well', async () => {
  await (await start()).close();
  running = [];
  const { url, controlUrl, caPem } = await start({ host: 'azure-simulator' });
  expect([url, controlUrl].map((text) => new URL(text).hostname)).toEqual([
    'azure-simulator',
    'azure-simulator',
  ]);
  const port = Number(new URL(url).port);
  const socket = connect({ host: '127.0.0.1', port, servername: 'azure-simulator', ca: caPem });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  expect(socket.authorized).toBe(true);
  socket.destroy();
});
