import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';

/** Where a tunnel leads on this machine: a port, a status that refuses it, or no answer. */
export type Tunnelling = { readonly port: number } | { readonly status: number } | 'hang' | 'reset';

interface Asked {
  /** `address:port` as it was asked for. */
  readonly authority: string;
  readonly authorization: string | undefined;
  readonly traceparent: string | string[] | undefined;
}

/** A real forward proxy on loopback that knows CONNECT and nothing else. */
export interface ConnectProxy {
  readonly port: number;
  readonly asked: readonly Asked[];
  /** How many connections it got. */
  connections(): number;
  close(): Promise<void>;
}

function tunnel(socket: Socket, head: Buffer, port: number): void {
  const target = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    target.write(head);
    socket.pipe(target).pipe(socket);
  });
  const end = (): void => {
    socket.destroy();
    target.destroy();
  };
  for (const side of [socket, target]) side.on('error', end).on('close', end);
}

function answer(socket: Socket, head: Buffer, leading: Tunnelling): void {
  if (leading === 'hang') return;
  if (leading === 'reset') return void socket.resetAndDestroy();
  if ('port' in leading) tunnel(socket, head, leading.port);
  else socket.end(`HTTP/1.1 ${leading.status} No\r\ncontent-length: 0\r\n\r\n`);
}

/** `lead` decides per tunnel; the addresses that are asked for are never dialled. */
export async function startConnectProxy(
  lead: (authority: string) => Tunnelling,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<ConnectProxy> {
  const asked: Asked[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server: Server = certificate ? createHttpsServer({ ...certificate }) : createHttpServer();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const authority = String(request.url);
    const { 'proxy-authorization': authorization, traceparent } = request.headers;
    asked.push({ authority, authorization, traceparent });
    socket.on('error', () => socket.destroy());
    answer(socket, head, lead(authority));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    connections: () => connections,
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
