import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { generate } from 'selfsigned';

/** A real server of a test, which counts what reached it. */
export interface LocalServer {
  readonly port: number;
  connections(): number;
  close(): Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export async function createCertificate(name: string, notAfterDate?: Date): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: notAfterDate ?? new Date('2100-01-01T00:00:00Z'),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  return { cert, key };
}

export const startHttp = (answer: RequestListener, host = '127.0.0.1'): Promise<LocalServer> =>
  listen(createHttpServer(answer), host);

export const startHttps = (certificate: Certificate, answer: RequestListener): Promise<LocalServer> =>
  listen(createHttpsServer({ ...certificate }, answer), '127.0.0.1');

export const startTcp = (talk: (socket: Socket) => void): Promise<LocalServer> =>
  listen(createTcpServer(talk), '127.0.0.1');

async function listen(server: Server, host: string): Promise<LocalServer> {
  const open = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count += 1;
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
