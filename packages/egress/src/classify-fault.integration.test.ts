import { afterEach, expect, test } from '@jest/globals';
import { type Dispatcher, fetch, request } from 'undici';
import { checkTarget } from './check-target.ts';
import { classifyFault } from './classify-fault.ts';
import { createGuardedAgent, type GuardedAgentOptions } from './guarded-agent.ts';
import { createCertificate, type LocalServer, startHttp, startHttps, startTcp } from './local-servers.ts';
import { parseTargetPolicy } from './target-policy.ts';

const policy = parseTargetPolicy({ allowHttp: true, allowedPorts: '*', allowedCidrs: '127.0.0.1' });
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const use = async (starting: Promise<LocalServer>): Promise<LocalServer> => {
  const server = await starting;
  closing.push(() => server.close());
  return server;
};

function createAgent(options: Partial<GuardedAgentOptions> = {}): Dispatcher {
  const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
  const agent = createGuardedAgent(policy, { connectTimeoutMs: 2_000, lookup, ...options });
  closing.push(() => agent.destroy());
  return agent;
}

async function classOf(url: string, dispatcher = createAgent(), signal?: AbortSignal): Promise<string> {
  try {
    const answer = await request(url, { dispatcher, method: 'POST', body: '{}', signal: signal ?? null });
    await answer.body.text();
    return `answered ${answer.statusCode}`;
  } catch (fault) {
    return classifyFault(fault);
  }
}

const raw = (answer: string) => use(startTcp((socket) => socket.once('data', () => socket.end(answer))));

test('nobody listens: connection_error', async () => {
  const server = await startTcp(() => undefined);
  await server.close();
  expect(await classOf(`http://127.0.0.1:${server.port}/`)).toBe('connection_error');
});

test('nobody listens on any of the addresses: connection_error', async () => {
  const server = await startTcp(() => undefined);
  await server.close();
  const address = { address: '127.0.0.1', family: 4 };
  const agent = createAgent({ lookup: async () => [address, address] });
  expect(await classOf(`http://receiver.example:${server.port}/`, agent)).toBe('connection_error');
});

test('the connection is reset, or closed without an answer: connection_error', async () => {
  const resetting = await use(startTcp((socket) => socket.once('data', () => socket.resetAndDestroy())));
  const ending = await raw('');
  expect(await classOf(`http://127.0.0.1:${resetting.port}/`)).toBe('connection_error');
  expect(await classOf(`http://127.0.0.1:${ending.port}/`)).toBe('connection_error');
});

test('the answer breaks off in its body: connection_error', async () => {
  const server = await raw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
  expect(await classOf(`http://127.0.0.1:${server.port}/`)).toBe('connection_error');
});

test('the name server says that there is no such name, or no address: dns_error', async () => {
  const failing = createAgent({
    lookup: () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' })),
  });
  expect(await classOf('http://receiver.example/', failing)).toBe('dns_error');
  expect(await classOf('http://receiver.example/', createAgent({ lookup: async () => [] }))).toBe(
    'dns_error',
  );
});

test('the certificate is not trusted, for another name, or expired: tls_error', async () => {
  const good = await createCertificate('receiver.example');
  const expired = await createCertificate('late.example', new Date('2021-01-01T00:00:00Z'));
  const server = await use(startHttps(good, (_req, res) => res.end()));
  const late = await use(startHttps(expired, (_req, res) => res.end()));
  const trusting = createAgent({ ca: `${good.cert}\n${expired.cert}` });
  expect(await classOf(`https://receiver.example:${server.port}/`)).toBe('tls_error');
  expect(await classOf(`https://other.example:${server.port}/`, trusting)).toBe('tls_error');
  expect(await classOf(`https://late.example:${late.port}/`, trusting)).toBe('tls_error');
  expect(await classOf(`https://receiver.example:${server.port}/`, trusting)).toBe('answered 200');
});

test('the server does not speak TLS: tls_error', async () => {
  const server = await use(startHttp((_req, res) => res.end()));
  expect(await classOf(`https://receiver.example:${server.port}/`)).toBe('tls_error');
});

test('neither a name server nor a handshake may outlast the connect timeout: timeout', async () => {
  const silent = await use(startTcp(() => undefined));
  const never = createAgent({ connectTimeoutMs: 200, lookup: () => new Promise(() => undefined) });
  const agent = createAgent({ connectTimeoutMs: 200 });
  const classes = await Promise.all([
    classOf('http://receiver.example/', never),
    classOf(`https://receiver.example:${silent.port}/`, agent),
  ]);
  expect(classes).toEqual(['timeout', 'timeout']);
});

test('the deadline of the caller passes before the answer, or within its body: timeout', async () => {
  const silent = await use(startTcp(() => undefined));
  const slow = await use(startHttp((_req, res) => void res.writeHead(200).write('a')));
  for (const { port } of [silent, slow]) {
    expect(await classOf(`http://127.0.0.1:${port}/`, createAgent(), AbortSignal.timeout(100))).toBe(
      'timeout',
    );
  }
});

test('the caller gives up for another reason, or the agent is closed: internal', async () => {
  const stop = new AbortController();
  const server = await use(startHttp(() => stop.abort()));
  const agent = createAgent();
  expect(await classOf(`http://127.0.0.1:${server.port}/`, agent, stop.signal)).toBe('internal');
  await agent.destroy();
  expect(await classOf(`http://127.0.0.1:${server.port}/`, agent)).toBe('internal');
});

test.each([
  ['garbage', 'hello\r\n\r\n'],
  ['of another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a status that is none', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ['headers without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`],
  [
    'an upgrade that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na'],
])('the answer is %s: response_error', async (_what, answer) => {
  const { port } = await raw(answer);
  expect(await classOf(`http://127.0.0.1:${port}/`)).toBe('response_error');
});

test('an internal target is blocked_target at both gates, through fetch as well, and its fault tells nothing', async () => {
  const agent = createAgent({ lookup: async () => [{ address: '10.20.30.40', family: 4 }] });
  expect(await classOf('http://receiver.example/', agent)).toBe('blocked_target');
  expect(await classOf('http://10.20.30.40/', agent)).toBe('blocked_target');
  const fault: unknown = await fetch('http://receiver.example/', { dispatcher: agent }).catch((err) => err);
  expect(classifyFault(fault)).toBe('blocked_target');
  await expect(request('http://receiver.example/', { dispatcher: agent })).rejects.toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('10.20') }),
  );
});

test('a stored URL that the policy no longer allows is blocked_target', () => {
  const faults = ['http://10.20.30.40/', 'ftp://example.com/'].map(faultOfTarget);
  expect(faults.map(classifyFault)).toEqual(['blocked_target', 'blocked_target']);
});

function faultOfTarget(url: string): unknown {
  try {
    return checkTarget(url, policy);
  } catch (fault) {
    return fault;
  }
}

test.each([undefined, null, 'text', new Error('bug'), new TypeError('x is not a function'), { code: 7 }])(
  '%p, which no request throws, is internal',
  (fault) => {
    expect(classifyFault(fault)).toBe('internal');
  },
);

test('running out of our own sockets is internal, not the fault of the endpoint', () => {
  for (const code of ['EMFILE', 'EADDRNOTAVAIL', 'ENOBUFS']) {
    expect(classifyFault(Object.assign(new Error(code), { code }))).toBe('internal');
  }
});
