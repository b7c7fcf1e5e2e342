import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerQuestions } from './bench-process.ts';
import { clockMs } from './clock-ms.ts';

export type ReceiverMode = 'ok' | 'slow' | 'hang' | '500' | 'flaky' | '429' | 'reset' | 'drip';

export interface ReceiverQuestion {
  /** Whose arrivals are wanted. */
  readonly path?: string;
}

/** What came to a path, by `webhook-id`, in the order of first arrival. */
export interface Arrivals {
  readonly ids: readonly string[];
  /** When each came first, its body included. */
  readonly at: readonly number[];
  /** How often each came. */
  readonly counts: readonly number[];
}

export interface ReceiverAnswer {
  readonly url: string;
  /** Different events at different paths that answer. */
  readonly count: number;
  readonly arrivals: Arrivals;
}

const SLOW_MS = 200;
const DRIP_MS = 50;

interface Arrival {
  readonly at: number;
  count: number;
}

const byPath = new Map<string, Map<string, Arrival>>();
let answered = 0;

/** Answers how often it has come. */
function note(path: string, mode: ReceiverMode, id: string): number {
  const arrivals = byPath.get(path) ?? new Map<string, Arrival>();
  byPath.set(path, arrivals);
  const known = arrivals.get(id);
  if (known) {
    known.count += 1;
    return known.count;
  }
  arrivals.set(id, { at: clockMs(), count: 1 });
  if (mode !== 'hang') answered += 1;
  return 1;
}

function drip(res: ServerResponse): void {
  res.writeHead(200, { 'content-length': '1000000' });
  const timer = setInterval(() => res.write('.'), DRIP_MS);
  res.once('close', () => clearInterval(timer));
}

const answers: Record<ReceiverMode, (res: ServerResponse, times: number) => unknown> = {
  ok: (res) => res.writeHead(204).end(),
  slow: (res) => setTimeout(() => res.writeHead(204).end(), SLOW_MS),
  hang: () => undefined,
  '500': (res) => res.writeHead(500).end(),
  flaky: (res, times) => res.writeHead(times === 1 ? 503 : 204).end(),
  '429': (res) => res.writeHead(429, { 'retry-after': '1' }).end(),
  reset: (res) => res.socket?.resetAndDestroy(),
  drip,
};

/** `/<endpoint>/<mode>` */
function serve(req: IncomingMessage, res: ServerResponse): void {
  const path = req.url ?? '/';
  const mode = path.slice(path.lastIndexOf('/') + 1) as ReceiverMode;
  const id = String(req.headers['webhook-id']);
  req.resume().once('end', () => answers[mode](res, note(path, mode, id)));
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answerQuestions(({ path }: ReceiverQuestion): ReceiverAnswer => {
    const asked = path === undefined ? [] : [...(byPath.get(path) ?? [])];
    const arrivals = {
      ids: asked.map(([id]) => id),
      at: asked.map(([, { at }]) => at),
      counts: asked.map(([, { count }]) => count),
    };
    return { url, count: answered, arrivals };
  });
});
