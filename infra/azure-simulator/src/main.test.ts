import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import type { IntelligenceAccess, WorkspaceConnection } from './index.ts';

const NODE = ['--conditions=@socmate/source'];
const MAIN = join(import.meta.dirname, 'main.ts');
const dataDir = mkdtempSync(join(tmpdir(), 'simulator-main-'));
let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

interface Ready {
  readonly ready: true;
  readonly url: string;
  readonly control_url: string;
  readonly ca_file: string;
  readonly workspaces: WorkspaceConnection[];
  readonly intelligence: IntelligenceAccess[];
}

const { NODE_OPTIONS: _, ...env } = process.env;

async function start(...args: string[]): Promise<Ready> {
  child = spawn(process.execPath, [...NODE, MAIN, '--data-dir', dataDir, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Ready;
}

const CLIENT = `
  import { ClientSecretCredential } from '@azure/identity';
  const { url, workspaces: [at], intelligence: [virustotal] } = JSON.parse(process.argv[1]);
  const credential = new ClientSecretCredential(at.tenant_id, at.client_id, at.client_secret, {
    authorityHost: url, disableInstanceDiscovery: true });
  const { token } = await credential.getToken('https://management.azure.com/.default');
  const answer = await fetch(url + '/subscriptions?api-version=2022-12-01', {
    headers: { authorization: 'Bearer ' + token } });
  console.log((await answer.json()).value.length);
  const known = await fetch(virustotal.url + '/api/v3/domains/docs-share-center.com', {
    headers: { 'x-apikey': virustotal.api_key } });
  console.log((await known.json()).data.id);
`;

test('a process that trusts the CA file signs in and reads, with nothing else set', async () => {
  const ready = await start();
  expect(ready.workspaces.map(({ name }) => name)).toEqual([
    'prod-sentinel',
    'sample-rest',
    'sample-verbatim',
  ]);
  const args = ['--input-type=module', '--eval', CLIENT, JSON.stringify(ready)];
  const options = { env: { ...env, NODE_EXTRA_CA_CERTS: ready.ca_file }, cwd: import.meta.dirname };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  expect(stdout.trim()).toBe('2\ndocs-share-center.com');
});

test('it stops when its standard input closes', async () => {
  await start('--stop-with-stdin');
  child?.stdin?.end();
  const [code] = (await once(child!, 'exit')) as [number | null];
  expect(code).toBe(0);
});

test('it stops on SIGTERM', async () => {
  await start();
  child?.kill('SIGTERM');
  const [code] = (await once(child!, 'exit')) as [number | null];
  expect(code).toBe(0);
});

test('a start with a bad option says which and fails', async () => {
  const args = [...NODE, MAIN, '--data-dir', dataDir, '--latency', 'slow'];
  const failed = await promisify(execFile)(process.execPath, args, { env }).catch((fault: unknown) => fault);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('SIMULATOR_LATENCY') });
});
