import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { errorMessage } from '@socmate/runtime';

/** Listens and answers the port, which is a free one for 0. */
export async function listen(server: Server | SecureServer, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (fault) =>
      reject(new Error(`port ${port} cannot be used: ${errorMessage(fault)}`, { cause: fault })),
    );
    server.listen(port, address, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Closes the server and every connection it still has. */
export function closeServer(server: Server | SecureServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((fault) => (fault ? reject(fault) : resolve()));
    server.closeAllConnections();
  });
}
