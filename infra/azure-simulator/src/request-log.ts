/** A request as it reached the simulator. */
export interface SeenRequest {
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** What kind of request it was: `token`, `incidents`, `alerts`, …, or `unknown`. */
  readonly target: string;
  /** The scope a token was asked for, or the audience of the token that came with it. */
  readonly scope: string | null;
  readonly status: number | null;
  /** All that a provider of intelligence was sent; only its requests have it. */
  readonly intelligence?: SentToProvider;
}

export interface SentToProvider {
  readonly provider: string;
  /** Without their values, which hold the key. */
  readonly header_names: readonly string[];
  readonly body: string;
}

const KEPT = 50_000;

export interface RequestLog {
  readonly requests: readonly SeenRequest[];
  /** Older ones that were let go. */
  readonly forgotten: number;
  add(request: Omit<SeenRequest, 'status'>): (status: number) => void;
  clear(): void;
}

export function createRequestLog(): RequestLog {
  let seen: { -readonly [K in keyof SeenRequest]: SeenRequest[K] }[] = [];
  let forgotten = 0;
  return {
    get requests() {
      return seen;
    },
    get forgotten() {
      return forgotten;
    },
    add: (request) => {
      const entry = { ...request, status: null as number | null };
      if (seen.length >= 2 * KEPT) {
        forgotten += KEPT;
        seen = seen.slice(KEPT);
      }
      seen.push(entry);
      return (status) => {
        entry.status = status;
      };
    },
    clear: () => {
      seen = [];
      forgotten = 0;
    },
  };
}
