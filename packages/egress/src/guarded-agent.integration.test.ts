import { afterEach, expect, test } from '@jest/globals';
import { type Dispatcher, request } from 'undici';
import { BlockedTargetError } from './blocked-target-error.ts';
import { createGuardedAgent, type GuardedAgentOptions } from './guarded-agent.ts';
import { createCertificate, type LocalServer, startHttp, startHttps } from './local-servers.ts';
import type { NameLookup } from './name-lookup.ts';
import { parseTargetPolicy } from './target-policy.ts';

// 127.0.0.1 stands for a public address, every other one for what must never be reached.
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

function agentWith(options: Partial<GuardedAgentOptions>, targetPolicy = policy): Dispatcher {
  const agent = createGuardedAgent(targetPolicy, { connectTimeoutMs: 2_000, ...options });
  closing.push(() => agent.destroy());
  return agent;
}

/** Answers each lookup with the next list of addresses, and the last one ever after. */
function answering(...answers: string[][]): { lookup: NameLookup; asked: string[] } {
  const asked: string[] = [];
  const lookup: NameLookup = async (host) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(host);
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { lookup, asked };
}

const post = (url: string, dispatcher: Dispatcher) =>
  request(url, { dispatcher, method: 'POST', body: '{}' });
const textOf = async (url: string, dispatcher: Dispatcher) => (await post(url, dispatcher)).body.text();

test('a name is looked up and judged once per connection, and stays in the Host header', async () => {
  const server = await use(startHttp((req, res) => res.end(req.headers.host)));
  const { lookup, asked } = answering(['127.0.0.1']);
  const agent = agentWith({ lookup, maxConnectionsPerOrigin: 1 });
  const url = `http://receiver.example:${server.port}/hook`;
  for (let count = 0; count < 5; count += 1) {
    expect(await textOf(url, agent)).toBe(`receiver.example:${server.port}`);
  }
  expect(asked).toEqual(['receiver.example']);
  expect(server.connections()).toBe(1);
});

test('over TLS the certificate is checked against the name, not the address', async () => {
  const certificate = await createCertificate('receiver.example');
  const server = await use(startHttps(certificate, (req, res) => res.end(req.headers.host)));
  const agent = agentWith({ ...answering(['127.0.0.1']), ca: certificate.cert });
  const { port } = server;
  expect(await textOf(`https://receiver.example:${port}/`, agent)).toBe(`receiver.example:${port}`);
  await expect(post(`https://other.example:${port}/`, agent)).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
  );
});

test('a name that turns internal after its first answer is refused at its next connection', async () => {
  const server = await use(startHttp((_req, res) => res.setHeader('connection', 'close').end('ok')));
  const { lookup, asked } = answering(['127.0.0.1'], ['127.0.0.2']);
  const agent = agentWith({ lookup });
  const url = `http://rebinding.example:${server.port}/`;
  expect(await textOf(url, agent)).toBe('ok');
  await expect(post(url, agent)).rejects.toThrow(BlockedTargetError);
  expect(asked).toHaveLength(2);
  expect(server.connections()).toBe(1);
});

test.each([
  [['127.0.0.1', '127.0.0.2']],
  [['127.0.0.2', '127.0.0.1']],
  [['127.0.0.1', '::1']],
  [['127.0.0.1', '10.0.0.1']],
  [['127.0.0.1', '::ffff:169.254.169.254']],
  [['127.0.0.1', 'fe80::1%lo']],
  [['127.0.0.1', 'not an address']],
])('one bad answer among %p refuses all, and nothing is dialled', async (addresses) => {
  const server = await use(startHttp((_req, res) => res.end(), '0.0.0.0'));
  const agent = agentWith(answering(addresses));
  await expect(post(`http://mixed.example:${server.port}/`, agent)).rejects.toThrow(BlockedTargetError);
  expect(server.connections()).toBe(0);
});

test.each([
  '127.0.0.2',
  '2130706434',
  '0x7f.2',
  '0177.0.0.2',
  '127.2',
  '[::1]',
  '[::ffff:127.0.0.2]',
  '0.0.0.0',
])('the address %s in a URL is judged too, though no name is looked up for it', async (host) => {
  const server = await use(startHttp((_req, res) => res.end(), '0.0.0.0'));
  const { lookup, asked } = answering(['127.0.0.1']);
  const agent = agentWith({ lookup });
  await expect(post(`http://${host}:${server.port}/`, agent)).rejects.toThrow(BlockedTargetError);
  expect([asked, server.connections()]).toEqual([[], 0]);
});

test('an allowed address in a URL is dialled without a lookup', async () => {
  const server = await use(startHttp((_req, res) => res.end('ok')));
  const { lookup, asked } = answering([]);
  expect(await textOf(`http://127.0.0.1:${server.port}/`, agentWith({ lookup }))).toBe('ok');
  expect(asked).toEqual([]);
});

test('scheme and port are judged again when dialling', async () => {
  const server = await use(startHttp((_req, res) => res.end()));
  const given = { allowHttp: true, allowedPorts: '443', allowedCidrs: '127.0.0.1' };
  const ports = agentWith(answering(['127.0.0.1']), parseTargetPolicy(given));
  const https = agentWith(
    answering(['127.0.0.1']),
    parseTargetPolicy({ ...given, allowHttp: false, allowedPorts: '*' }),
  );
  for (const agent of [ports, https]) {
    await expect(post(`http://receiver.example:${server.port}/`, agent)).rejects.toThrow(BlockedTargetError);
  }
  expect(server.connections()).toBe(0);
});

test('a redirect to an internal address is an answer, and is not followed', async () => {
  const trap = await use(startHttp((_req, res) => res.end('secret'), '127.0.0.2'));
  const location = `http://127.0.0.2:${trap.port}/`;
  const server = await use(startHttp((_req, res) => res.writeHead(307, { location }).end()));
  const answer = await post(`http://127.0.0.1:${server.port}/`, agentWith({}));
  await answer.body.dump();
  expect([answer.statusCode, answer.headers['location']]).toEqual([307, location]);
  expect(trap.connections()).toBe(0);
});

test('proxies in the environment are ignored', async () => {
  const proxy = await use(startHttp((_req, res) => res.end('proxied')));
  const server = await use(startHttp((_req, res) => res.end('direct')));
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  const before = { ...process.env };
  closing.push(async () => {
    process.env = before;
  });
  for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`;
  expect(await textOf(`http://127.0.0.1:${server.port}/`, agentWith({}))).toBe('direct');
  expect(proxy.connections()).toBe(0);
});

test('certificates are checked whatever the environment says', async () => {
  const server = await use(startHttps(await createCertificate('receiver.example'), (_req, res) => res.end()));
  const before = { ...process.env };
  closing.push(async () => {
    process.env = before;
  });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const agent = agentWith(answering(['127.0.0.1']));
  await expect(post(`https://receiver.example:${server.port}/`, agent)).rejects.toThrow(
    expect.objectContaining({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
  );
});

test('where one address does not answer, the next is dialled', async () => {
  const server = await use(startHttp((_req, res) => res.end('ok')));
  const opened = parseTargetPolicy({ allowHttp: true, allowedPorts: '*', allowedCidrs: '127.0.0.0/8' });
  const agent = agentWith(answering(['127.0.0.3', '127.0.0.2', '127.0.0.1']), opened);
  expect(await textOf(`http://receiver.example:${server.port}/`, agent)).toBe('ok');
});

test('over TLS the next address is dialled as well', async () => {
  const certificate = await createCertificate('receiver.example');
  const server = await use(startHttps(certificate, (_req, res) => res.end('ok')));
  const opened = parseTargetPolicy({ allowHttp: false, allowedPorts: '*', allowedCidrs: '127.0.0.0/8' });
  const agent = agentWith({ ...answering(['127.0.0.2', '127.0.0.1']), ca: certificate.cert }, opened);
  expect(await textOf(`https://receiver.example:${server.port}/`, agent)).toBe('ok');
});

test('no more connections to one origin are opened than allowed', async () => {
  const server = await use(startHttp((_req, res) => setImmediate(() => res.end('ok'))));
  const agent = agentWith({ maxConnectionsPerOrigin: 2 });
  const url = `http://127.0.0.1:${server.port}/`;
  const answers = await Promise.all(Array.from({ length: 50 }, () => textOf(url, agent)));
  expect(answers).toEqual(Array(50).fill('ok'));
  expect(server.connections()).toBe(2);
});

test.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
  'the additional CA %p is refused at once, not ignored',
  (ca) => {
    expect(() => agentWith({ ca })).toThrow('the additional CA is not a PEM certificate');
  },
);
