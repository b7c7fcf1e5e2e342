import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** As the client wrote it: links must lead back the way it came. */
  readonly host: string;
  readonly body: string;
  /** The kinds of the faults that strike it, for the routes that act them out. */
  readonly faults: ReadonlySet<string>;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route<Kind extends string = string> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/incidents/:id`; matched without regard to case, as Azure does. */
  readonly path: string;
  /** What kind of request it is, for faults, limits and the log of requests. */
  readonly kind: Kind;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

interface Match<Kind extends string> {
  readonly route: Route<Kind> | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** The path exists, for another method. */
  readonly isOtherMethod: boolean;
}

const MAX_BODY_BYTES = 1_048_576;

export type Matcher<Kind extends string> = (method: string, path: string) => Match<Kind>;

export function createMatcher<Kind extends string>(routes: readonly Route<Kind>[]): Matcher<Kind> {
  const table = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (method, path) => {
    const given = path.split('/');
    let isOtherMethod = false;
    for (const { route, segments } of table) {
      const params = matchSegments(segments, given);
      if (!params) continue;
      if (route.method === method) return { route, params, isOtherMethod: false };
      isOtherMethod = true;
    }
    return { route: undefined, params: {}, isOtherMethod };
  };
}

function matchSegments(
  wanted: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [position, segment] of wanted.entries()) {
    const own = given[position] ?? '';
    if (segment.startsWith(':')) {
      const value = decode(own);
      if (!value) return undefined;
      params[segment.slice(1)] = value;
    } else if (segment.toLowerCase() !== own.toLowerCase()) return undefined;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Undefined where it is larger than any request here should be. */
export async function readBody(req: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function send(res: ServerResponse, reply: Reply): void {
  if (res.destroyed || res.writableEnded) return;
  if (reply.body === undefined) {
    res.writeHead(reply.status, reply.headers);
    res.end();
    return;
  }
  const text = JSON.stringify(reply.body);
  res.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...reply.headers,
  });
  res.end(text);
}
