import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { findFreePort, isPortFree } from './free-port.ts';

test('the wanted port is kept while it is free, and another is found when it is taken or spoken for', async () => {
  const wanted = await findFreePort();
  expect(await findFreePort(wanted)).toBe(wanted);
  expect(await findFreePort(wanted, new Set([wanted]))).not.toBe(wanted);
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  expect(await isPortFree(wanted)).toBe(false);
  expect(await findFreePort(wanted)).not.toBe(wanted);
  server.close();
});
