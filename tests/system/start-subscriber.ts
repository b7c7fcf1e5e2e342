import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

export type Mode = 'ok' | 'slow' | 'hang' | '500' | '429' | 'reset' | 'drip' | 'garbage';

export interface SubscriberRequest {
  readonly path: string;
  readonly id: string;
  /** How often it came before. */
  readonly before: number;
}

/** A subscriber that sees whether two senders attempt one delivery at the same time. */
export interface Subscriber {
  readonly url: string;
  /** Arrivals by path, then by `webhook-id`. */
  arrivals(path: string): ReadonlyMap<string, number>;
  /** Those that were answered with 2xx. */
  accepted(path: string): ReadonlySet<string>;
  /** The ids of requests that came while another of the same id and path was being answered. */
  readonly overlaps: string[];
  close(): Promise<void>;
}

const SLOW_MS = 200;
const DRIP_MS = 50;

function answer(res: ServerResponse, mode: Mode, delayMs: number): void {
  const end = (status: number, headers = {}): void => void res.writeHead(status, headers).end();
  if (mode === 'hang') return;
  if (mode === 'reset') return void res.socket?.resetAndDestroy();
  if (mode === 'garbage') return void res.socket?.end('not HTTP at all\r\n\r\n');
  if (mode === 'drip') {
    res.writeHead(200, { 'content-length': '1000000' });
    const drip = setInterval(() => res.write('.'), DRIP_MS);
    return void res.once('close', () => clearInterval(drip));
  }
  if (mode === '500') return end(500);
  if (mode === '429') return end(429, { 'retry-after': '1' });
  setTimeout(() => end(204), mode === 'slow' ? SLOW_MS : delayMs);
}

const of = <V>(map: Map<string, V>, path: string, make: () => V): V => {
  const known = map.get(path) ?? make();
  map.set(path, known);
  return known;
};

export async function startSubscriber(
  modeOf: (request: SubscriberRequest) => Mode = () => 'ok',
  delayMs = 3,
): Promise<Subscriber> {
  const arrived = new Map<string, Map<string, number>>();
  const taken = new Map<string, Set<string>>();
  const open = new Set<string>();
  const overlaps: string[] = [];

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url ?? '/';
    const id = String(req.headers['webhook-id']);
    const key = `${path} ${id}`;
    if (open.has(key)) overlaps.push(key);
    open.add(key);
    res.once('close', () => open.delete(key));
    await finished(req.resume());
    const counts = of(arrived, path, () => new Map<string, number>());
    const before = counts.get(id) ?? 0;
    counts.set(id, before + 1);
    const mode = modeOf({ path, id, before });
    if (mode === 'ok' || mode === 'slow') of(taken, path, () => new Set<string>()).add(id);
    answer(res, mode, delayMs);
  };

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals: (path) => of(arrived, path, () => new Map<string, number>()),
    accepted: (path) => of(taken, path, () => new Set<string>()),
    overlaps,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
