import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `slow` never answers, `truncated` breaks off in the middle of its body, `drip` sends it without end. */
export type Answering =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'slow'
  | 'drip'
  | 'reset'
  | 'truncated';

export interface ProviderServer {
  readonly url: string;
  readonly asked: Asked[];
  /** How many it got, whether or not anything was asked on them. */
  connections(): number;
  /** What it answers from now on. */
  answer(answering: Answering | ((asked: Asked) => Answering)): void;
  /** Whoever asks from now on waits until the function is called that this returns. */
  readonly hold: () => () => void;
  close(): Promise<void>;
}

const DRIP_MS = 10;

/** A provider of a test's own on loopback, which records what it is asked. */
export async function startProviderServer(): Promise<ProviderServer> {
  const asked: Asked[] = [];
  let current: Answering | ((request: Asked) => Answering) = { status: 404 };
  const gate = createGate();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url: path = '', headers } = req;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      asked.push(request);
      const answering = typeof current === 'function' ? current(request) : current;
      void gate.passed().then(() => reply(res, answering));
    });
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    connections: () => connections,
    answer: (answering) => {
      current = answering;
    },
    hold: gate.hold,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createGate() {
  let held = Promise.resolve();
  return {
    passed: () => held,
    hold: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}

function reply(res: ServerResponse, answering: Answering): void {
  if (answering === 'slow') return;
  if (answering === 'reset') return void res.socket?.resetAndDestroy();
  if (answering === 'truncated') {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    res.write('{"data": {"attributes": {', () => res.socket?.destroy());
    return;
  }
  if (answering === 'drip') {
    res.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => res.write(' '), DRIP_MS);
    res.once('close', () => clearInterval(drip));
    return;
  }
  const { status = 200, headers = {}, body = '' } = answering;
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
}
