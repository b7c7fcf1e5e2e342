import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { readiness } from '@socmate/runtime';
import { createGraphHealth } from './graph-health.ts';

/** What `/health/ready` shows of a Neo4j behind this listener. */
async function shownOf(onSocket: (socket: Socket) => void, isListening = true): Promise<string | undefined> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const closed = once(server, 'close');
  if (!isListening) await once(server.close(), 'close');
  const graph = createGraphHealth({ uri: `bolt://127.0.0.1:${port}`, user: 'neo4j', password: 'wrong' });
  try {
    const ready = await readiness({ vital: {}, optional: { neo4j: () => graph.check() } }, false);
    expect(ready.status).toBe('degraded');
    return ready.checks['neo4j']?.message;
  } finally {
    await graph.close();
    for (const socket of sockets) socket.destroy();
    if (isListening) server.close();
    await closed;
  }
}

const packed = (text: string): Buffer => Buffer.concat([Buffer.from([0xd0, text.length]), Buffer.from(text)]);

const message = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, bytes.length]), bytes, Buffer.from([0, 0])]);

/** Bolt 5.4 as far as a sign-in that is refused: handshake, success for HELLO, failure for LOGON. */
function refuse(socket: Socket): void {
  const success = Buffer.from([0xb1, 0x70, 0xa0]);
  const failure = Buffer.concat([
    Buffer.from([0xb1, 0x7f, 0xa2]),
    ...['code', 'Neo.ClientError.Security.Unauthorized', 'message', 'no'].map(packed),
  ]);
  socket.once('data', () => {
    socket.write(Buffer.from([0, 0, 4, 5]));
    socket.once('data', () => socket.write(Buffer.concat([message(success), message(failure)])));
  });
}

test('where nothing listens, readiness says that the graph is missing and what to do', async () => {
  const shown = await shownOf(() => undefined, false);
  expect(shown).toMatch(/^Neo4j does not answer: the graph is missing.*NEO4J_URI.*Java 17/);
});

test('a Neo4j that accepts and stays silent is told as one that does not answer', async () => {
  expect(await shownOf(() => undefined)).toMatch(/^Neo4j does not answer/);
});

test('a refused password is told apart, and shown nowhere', async () => {
  const shown = await shownOf(refuse);
  expect(shown).toMatch(/^Neo4j does not let us in.*NEO4J_PASSWORD/);
  expect(shown).not.toContain('wrong');
});
