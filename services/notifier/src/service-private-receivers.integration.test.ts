import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { NameLookup } from '@socmate/egress';
import { startConnectProxy, until } from '@socmate/testing';
import { generate } from 'selfsigned';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

const NAME = 'soar.corp.example';
// Where the receiver is, as its own network's name server says.
const lookup: NameLookup = async () => [{ address: '127.0.0.1', family: 4 }];

let fixture: NotifierFixture;
let folder: string;
let caFile: string;
let server: Server;
let url: string;
const hosts = new Set<string | undefined>();

beforeAll(async () => {
  fixture = await openNotifierFixture();
  const { cert, private: key } = await generate([{ name: 'commonName', value: NAME }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: new Date('2100-01-01T00:00:00Z'),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: NAME }] }],
  });
  folder = await mkdtemp(join(tmpdir(), 'socmate-ca-'));
  caFile = join(folder, 'corp-ca.pem');
  await writeFile(caFile, cert);
  server = createServer({ cert, key }, (req, res) => {
    hosts.add(req.headers.host);
    res.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://${NAME}:${(server.address() as AddressInfo).port}/hooks/socmate`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
  await fixture.close();
});
afterEach(async () => {
  await fixture.reset();
  hosts.clear();
});

/** As an operator sets it, strict where nothing is said. */
async function outcomeWith(env: Readonly<Record<string, string>>): Promise<unknown> {
  const { deliveryId } = await fixture.publish(await fixture.subscribe({ url }));
  const strict = { WEBHOOK_ALLOW_HTTP: 'false', WEBHOOK_ALLOWED_PORTS: '', WEBHOOK_ALLOWED_CIDRS: '' };
  await fixture.start({ ...strict, WEBHOOK_RETRY_SCHEDULE: '3600', ...env }, { lookup });
  const attempt = await until('it was attempted', async () => (await fixture.attemptsOf(deliveryId))[0]);
  return attempt['outcome'];
}

const opened = (): Record<string, string> => ({
  WEBHOOK_ALLOWED_CIDRS: '127.0.0.1/32',
  WEBHOOK_ALLOWED_PORTS: `443,8443,${new URL(url).port}`,
  WEBHOOK_CA_FILE: caFile,
});

test.each([
  ['range', 'WEBHOOK_ALLOWED_CIDRS', '', 'blocked_target'],
  ['address', 'WEBHOOK_ALLOWED_CIDRS', '127.0.0.2/32', 'blocked_target'],
  ['port', 'WEBHOOK_ALLOWED_PORTS', '', 'blocked_target'],
  ['authority', 'WEBHOOK_CA_FILE', undefined, 'tls_error'],
])('a receiver in the own network is not called while its %s is not opened', async (...given) => {
  const [, variable, value, outcome] = given;
  const { [variable]: _closed, ...others } = opened();
  expect(await outcomeWith({ ...others, ...(value !== undefined && { [variable]: value }) })).toBe(outcome);
  expect(hosts.size).toBe(0);
});

test('a receiver in the own network is called by its name once range, port and authority are given', async () => {
  expect(await outcomeWith(opened())).toBe('success');
  expect([...hosts]).toEqual([new URL(url).host]);
});

test('an egress proxy is asked for its address, and its certificate is checked by its name', async () => {
  const port = Number(new URL(url).port);
  const proxy = await startConnectProxy(() => ({ port }));
  const through = { WEBHOOK_EGRESS_PROXY: `http://127.0.0.1:${proxy.port}` };
  expect(await outcomeWith({ ...opened(), ...through })).toBe('success');
  const authorities = new Set(proxy.asked.map(({ authority }) => authority));
  expect([...authorities]).toEqual([`127.0.0.1:${port}`]);
  expect([...hosts]).toEqual([new URL(url).host]);
  await fixture.reset();
  await proxy.close();
});
