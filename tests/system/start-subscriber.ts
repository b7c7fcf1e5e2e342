import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

const FAILING = ['500', '429', 'reset', 'garbage', 'drip', 'hang'] as const;
export type Mode = 'ok' | 'slow' | (typeof FAILING)[number];

export interface SubscriberRequest {
  readonly id: string;
  /** How often it came before. */
  readonly before: number;
}

/** What became of one `webhook-id` at one path. */
export interface Arrival {
  readonly count: number;
  /** How often it was answered so that it must come again. */
  readonly refused: number;
  /** By how much the last sender's clock was off, in seconds. */
  readonly skewS: number;
  /** Whether the connection by which it first came is gone. */
  readonly isCut: boolean;
}

/** A subscriber that sees whether two senders attempt one delivery at the same time. */
export interface Subscriber {
  readonly url: string;
  /** How it answers at a path from now on; 204 after a few milliseconds where nothing is said. */
  plan(path: string, modeOf: (request: SubscriberRequest) => Mode): void;
  /** By `webhook-id`. */
  arrivals(path: string): ReadonlyMap<string, Arrival>;
  /** The ids of requests that came while another of the same id and path was being answered. */
  overlaps(path: string): string[];
  close(): Promise<void>;
}

const OK_MS = 3;
const SLOW_MS = 200;
const DRIP_MS = 50;

function answer(res: ServerResponse, mode: Mode): void {
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
  setTimeout(() => end(204), mode === 'slow' ? SLOW_MS : OK_MS);
}

const isFailing = (mode: Mode): boolean => (FAILING as readonly Mode[]).includes(mode);

const skewOf = (req: IncomingMessage): number =>
  Number(req.headers['webhook-timestamp']) - Math.floor(Date.now() / 1_000);

/** The requests of one path. */
class Inbox {
  readonly arrivals = new Map<string, Arrival>();
  readonly overlaps: string[] = [];
  modeOf: (request: SubscriberRequest) => Mode = () => 'ok';
  readonly #open = new Set<string>();

  opened(id: string, res: ServerResponse): void {
    if (this.#open.has(id)) this.overlaps.push(id);
    this.#open.add(id);
    res.once('close', () => this.#open.delete(id));
  }

  arrived(id: string, req: IncomingMessage, hasFailed: boolean): void {
    const known = this.arrivals.get(id);
    const { socket } = req;
    this.arrivals.set(id, {
      count: (known?.count ?? 0) + 1,
      refused: (known?.refused ?? 0) + Number(hasFailed),
      skewS: skewOf(req),
      get isCut() {
        return known?.isCut ?? socket.destroyed;
      },
    });
  }
}

export async function startSubscriber(): Promise<Subscriber> {
  const inboxes = new Map<string, Inbox>();
  const inboxOf = (path: string): Inbox => {
    const inbox = inboxes.get(path) ?? new Inbox();
    inboxes.set(path, inbox);
    return inbox;
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = req.url ?? '/';
    const id = String(req.headers['webhook-id']);
    const inbox = inboxOf(path);
    inbox.opened(id, res);
    await finished(req.resume());
    const mode = inbox.modeOf({ id, before: inbox.arrivals.get(id)?.count ?? 0 });
    inbox.arrived(id, req, isFailing(mode));
    answer(res, mode);
  };

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: (path, modeOf) => {
      inboxOf(path).modeOf = modeOf;
    },
    arrivals: (path) => inboxOf(path).arrivals,
    overlaps: (path) => inboxOf(path).overlaps,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
