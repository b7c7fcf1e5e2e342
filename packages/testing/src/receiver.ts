import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a subscriber got, in full. */
export interface Received {
  readonly at: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a subscriber answers; `hang` never does, `reset` breaks the connection, `drip` sends a byte at a time. */
export type Answering =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang'
  | 'reset'
  | 'drip'
  | 'garbage';

export interface Receiver {
  readonly url: string;
  readonly requests: readonly Received[];
  /** Requests that were answered with 2xx, by their `webhook-id`. */
  readonly accepted: ReadonlyMap<string, number>;
  /** How many it got, whether or not anything was asked on them. */
  connections(): number;
  close(): Promise<void>;
}

const DRIP_MS = 50;

function reply(res: ServerResponse, answering: Answering): void {
  if (answering === 'hang') return;
  if (answering === 'reset') return void res.socket?.resetAndDestroy();
  if (answering === 'garbage') return void res.socket?.end('not HTTP at all\r\n\r\n');
  if (answering === 'drip') {
    res.writeHead(200, { 'content-length': '1000000' });
    const drip = setInterval(() => res.write('.'), DRIP_MS);
    res.once('close', () => clearInterval(drip));
    return;
  }
  res.writeHead(answering.status, answering.headers);
  res.end(answering.body);
}

interface Place {
  readonly host?: string;
  readonly port?: number;
}

/** A real subscriber on loopback; `answer` decides per request, told how many came before it. */
export async function startReceiver(
  answer: (request: Received, index: number) => Answering = () => ({ status: 204 }),
  { host = '127.0.0.1', port = 0 }: Place = {},
): Promise<Receiver> {
  const requests: Received[] = [];
  const accepted = new Map<string, number>();
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const received = { at: Date.now(), path: req.url ?? '/', headers: req.headers, body };
    const answering = answer(received, requests.length);
    requests.push(received);
    const id = String(req.headers['webhook-id']);
    const isAccepted = typeof answering === 'object' && answering.status >= 200 && answering.status < 300;
    if (isAccepted) accepted.set(id, (accepted.get(id) ?? 0) + 1);
    reply(res, answering);
  };

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    accepted,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
