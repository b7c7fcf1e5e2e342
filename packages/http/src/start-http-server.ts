import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  readonly url: string;
  /** Takes no new connection, lets running requests finish within the grace, then cuts them. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly graceMs: number;
}

const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const IDLE_CHECK_MS = 50;

/** A request line may hold a whole address, of which only what follows the host is ours to read. */
const originForm = (target: string): string => target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '') || '/';

export async function startHttpServer(
  app: RequestListener,
  { host, port, graceMs }: ListenOptions,
): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (req, res) => {
      req.url = originForm(req.url ?? '/');
      app(req, res);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const close = (): Promise<void> => drain(server, graceMs);
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`, close };
}

async function drain(server: Server, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  // A kept-alive connection becomes idle only when its running answer is out.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      server.close((fault) => (fault ? reject(fault) : resolve()));
    });
  } finally {
    clearTimeout(cut);
    clearInterval(idle);
  }
}
