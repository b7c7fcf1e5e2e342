import type { Dispatcher } from 'undici';

export interface Exchange {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The first 16 KiB as text. What is longer is cut and its connection closed, not read on. */
  readonly body: string;
  /** Why the body did not end as it should. */
  readonly fault?: unknown;
}

const MAX_RESPONSE_BYTES = 16 * 1_024;
const FIRST_FINAL_STATUS = 200;

/** The head of a body, as it comes. */
class Head {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  /** Whether it is all that is kept. */
  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this.#length >= MAX_RESPONSE_BYTES;
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
  }
}

/** One request and its answer; rejects where no status came. */
export function exchange(
  agent: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Exchange> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const head = new Head();
  let controller: Dispatcher.DispatchController | undefined;
  let answer: Pick<Exchange, 'statusCode' | 'headers'> | undefined;
  const end = (how: Pick<Exchange, 'fault'>): void => {
    signal.removeEventListener('abort', abort);
    if (answer) resolve({ ...answer, body: head.text(), ...how });
    else reject(how.fault);
  };
  const abort = (): void => {
    if (controller) controller.abort(signal.reason as Error);
    else end({ fault: signal.reason });
  };
  signal.addEventListener('abort', abort);
  agent.dispatch(request, {
    onRequestStart: (started) => {
      controller = started;
      if (signal.aborted) abort();
    },
    onResponseStart: (_controller, statusCode, headers) => {
      if (statusCode >= FIRST_FINAL_STATUS) answer = { statusCode, headers };
    },
    onResponseData: (started, chunk) => {
      if (!head.add(chunk)) return;
      end({});
      started.abort(new Error('the response is longer than what is kept of it'));
    },
    onResponseEnd: () => end({}),
    onResponseError: (_controller, fault) => end({ fault }),
  });
  return promise;
}
