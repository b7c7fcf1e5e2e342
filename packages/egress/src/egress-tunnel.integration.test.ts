import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { type ConnectProxy, startConnectProxy, startNameServer, type Tunnelling } from '@socmate/testing';
import { type Dispatcher, request } from 'undici';
import { checkTarget } from './check-target.ts';
import { classifyFault } from './classify-fault.ts';
import { parseEgressProxy } from './egress-proxy.ts';
import { createGuardedAgent, type GuardedAgentOptions } from './guarded-agent.ts';
import { createCertificate, type LocalServer, startHttp, startHttps, startTcp } from './local-servers.ts';
import { createNameLookup, type NameLookup } from './name-lookup.ts';
import { parseTargetPolicy } from './target-policy.ts';

const vectorFile = new URL('../fixtures/ssrf-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorFile, 'utf8')) as { block: string[]; allow: string[] };
const strict = parseTargetPolicy({ allowHttp: false, allowedPorts: '', allowedCidrs: '' });
const anyPort = parseTargetPolicy({ allowHttp: true, allowedPorts: '*', allowedCidrs: '' });
const PUBLIC = '93.184.216.34';
const closing: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const use = async <T extends { close(): Promise<void> | void }>(starting: Promise<T>): Promise<T> => {
  const server = await starting;
  closing.push(() => server.close());
  return server;
};

const leading = (to: LocalServer | Tunnelling) => (): Tunnelling =>
  typeof to === 'object' && 'port' in to ? { port: to.port } : to;

function agentWith(
  proxy: Pick<ConnectProxy, 'port'> | string,
  { policy = strict, ...options }: Partial<GuardedAgentOptions> & { policy?: typeof strict } = {},
): Dispatcher {
  const url = typeof proxy === 'string' ? proxy : `http://127.0.0.1:${proxy.port}`;
  const agent = createGuardedAgent(policy, {
    connectTimeoutMs: 5_000,
    lookup: naming(PUBLIC),
    proxy: parseEgressProxy(url),
    ...options,
  });
  closing.push(() => agent.destroy());
  return agent;
}

const naming =
  (...addresses: string[]): NameLookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const post = (url: string, dispatcher: Dispatcher) =>
  request(url, { dispatcher, method: 'POST', body: '{}' });
const textOf = async (url: string, dispatcher: Dispatcher) => (await post(url, dispatcher)).body.text();
const classOf = async (url: string, dispatcher: Dispatcher) =>
  classifyFault(await post(url, dispatcher).catch((fault: unknown) => fault));
const authorities = ({ asked }: ConnectProxy): string[] => asked.map(({ authority }) => authority);
const urlOf = (address: string) => `https://${address.includes(':') ? `[${address}]` : address}/hook`;

test('the proxy is asked for the judged address; Host and certificate are of the name, as without it', async () => {
  const certificate = await createCertificate('receiver.example');
  const server = await use(startHttps(certificate, (req, res) => res.end(req.headers.host)));
  const proxy = await use(startConnectProxy(leading(server)));
  const agent = agentWith(proxy, { ca: certificate.cert, maxConnectionsPerOrigin: 1 });
  expect(await textOf('https://receiver.example/hook', agent)).toBe('receiver.example');
  expect(await textOf('https://receiver.example/hook', agent)).toBe('receiver.example');
  expect(authorities(proxy)).toEqual([`${PUBLIC}:443`]);
  expect(await classOf('https://other.example/hook', agent)).toBe('tls_error');
});

test('http goes through a tunnel as well, with its own port', async () => {
  const server = await use(startHttp((req, res) => res.end(req.headers.host)));
  const proxy = await use(startConnectProxy(leading(server)));
  const agent = agentWith(proxy, { policy: anyPort });
  expect(await textOf('http://receiver.example/', agent)).toBe('receiver.example');
  expect(await textOf('http://receiver.example:8080/', agent)).toBe('receiver.example:8080');
  expect(authorities(proxy)).toEqual([`${PUBLIC}:80`, `${PUBLIC}:8080`]);
});

test('a proxy over TLS, with credentials, is asked with these and shows a certificate that is trusted', async () => {
  const certificate = await createCertificate('localhost');
  const server = await use(startHttp((_req, res) => res.end('ok')));
  const proxy = await use(startConnectProxy(leading(server), certificate));
  const url = `https://user:p%40ss@localhost:${proxy.port}`;
  const agent = agentWith(url, { policy: anyPort, ca: certificate.cert });
  expect(await textOf('http://receiver.example/', agent)).toBe('ok');
  expect(proxy.asked.map(({ authorization }) => authorization)).toEqual([
    `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
  ]);
  expect(await classOf('http://receiver.example/', agentWith(url, { policy: anyPort }))).toBe('internal');
});

test('no forbidden address is asked of the proxy, as a literal or as what a name has, and every allowed one is', async () => {
  const certificate = await createCertificate('receiver.example');
  const server = await use(startHttps(certificate, (_req, res) => res.end('ok')));
  const proxy = await use(startConnectProxy(leading(server)));
  for (const address of vectors.block) {
    expect(await classOf(urlOf(address), agentWith(proxy))).toBe('blocked_target');
    const mixed = agentWith(proxy, { lookup: naming(PUBLIC, address) });
    expect(await classOf('https://receiver.example/', mixed)).toBe('blocked_target');
  }
  expect(proxy.connections()).toBe(0);
  for (const address of vectors.allow) {
    expect(checkTarget(urlOf(address), strict).protocol).toBe('https:');
    const agent = agentWith(proxy, { lookup: naming(address), ca: certificate.cert });
    expect(await textOf('https://receiver.example/', agent)).toBe('ok');
    await classOf(urlOf(address), agent);
  }
  const expected = vectors.allow.flatMap((address) => {
    const literal = new URL(urlOf(address)).host;
    const named = address.includes(':') ? `[${address}]` : address;
    return [`${named}:443`, `${literal}:443`];
  });
  expect(authorities(proxy)).toEqual(expected);
});

test('a name server that answers public first and private at the dial gets nothing connected', async () => {
  const trap = await use(startHttp((_req, res) => res.end('inside'), '127.0.0.2'));
  const server = await use(startHttp((_req, res) => res.setHeader('connection', 'close').end('ok')));
  const proxy = await use(startConnectProxy(leading(server)));
  const names = await use(
    startNameServer((name, index) => {
      if (name === 'mixed.example') return [PUBLIC, '127.0.0.2'];
      return index === 0 ? [PUBLIC] : ['127.0.0.2'];
    }),
  );
  const agent = agentWith(proxy, { policy: anyPort, lookup: createNameLookup({ servers: [names.address] }) });
  const url = `http://rebinding.example:${trap.port}/`;
  expect(await textOf(url, agent)).toBe('ok');
  expect(await classOf(url, agent)).toBe('blocked_target');
  expect(await classOf(`http://mixed.example:${trap.port}/`, agent)).toBe('blocked_target');
  expect(names.asked('rebinding.example')).toBe(2);
  expect(authorities(proxy)).toEqual([`${PUBLIC}:${trap.port}`]);
  expect(trap.connections()).toBe(0);
});

test.each<[Tunnelling, string]>([
  [{ status: 403 }, 'blocked_target'],
  [{ status: 407 }, 'internal'],
  [{ status: 502 }, 'connection_error'],
  [{ status: 503 }, 'connection_error'],
  [{ status: 504 }, 'timeout'],
  [{ status: 301 }, 'connection_error'],
  ['reset', 'connection_error'],
  ['hang', 'timeout'],
])('a proxy that answers %j: %s', async (tunnelling, outcome) => {
  const proxy = await use(startConnectProxy(leading(tunnelling)));
  const agent = agentWith(`http://user:s3cret@127.0.0.1:${proxy.port}`, {
    connectTimeoutMs: tunnelling === 'hang' ? 200 : 5_000,
  });
  const fault = await post('https://receiver.example/', agent).catch((err: unknown) => err);
  expect(classifyFault(fault)).toBe(outcome);
  expect(JSON.stringify([fault, String(fault)])).not.toContain('s3cret');
  expect(proxy.asked).toHaveLength(1);
});

test('a proxy that is away, or is none, is ours and no endpoint’s', async () => {
  const gone = await startTcp(() => undefined);
  await gone.close();
  expect(await classOf('https://receiver.example/', agentWith(gone))).toBe('internal');
  const unnamed = agentWith('http://no-such-proxy.invalid:3128');
  expect(await classOf('https://receiver.example/', unnamed)).toBe('internal');
});

test('where the proxy cannot reach one address, the next is tried', async () => {
  const server = await use(startHttp((_req, res) => res.end('ok')));
  const proxy = await use(
    startConnectProxy((authority) =>
      authority.startsWith('8.8.') ? { status: 502 } : { port: server.port },
    ),
  );
  const agent = agentWith(proxy, { policy: anyPort, lookup: naming('8.8.8.8', PUBLIC) });
  expect(await textOf('http://receiver.example/', agent)).toBe('ok');
  expect(authorities(proxy)).toEqual(['8.8.8.8:80', `${PUBLIC}:80`]);
});

test('a redirect of a receiver behind the proxy is an answer, and is not followed', async () => {
  const location = 'http://127.0.0.1:9/';
  const server = await use(startHttp((_req, res) => res.writeHead(308, { location }).end()));
  const proxy = await use(startConnectProxy(leading(server)));
  const answer = await post('http://receiver.example/', agentWith(proxy, { policy: anyPort }));
  await answer.body.dump();
  expect(answer.statusCode).toBe(308);
  expect(proxy.asked).toHaveLength(1);
});
