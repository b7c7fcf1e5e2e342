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

/** One request and its answer; rejects where no status came. */
export function exchange(
  agent: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let answer: Pick<Exchange, 'statusCode' | 'headers'> | undefined;
    const chunks: Buffer[] = [];
    let length = 0;
    const abort = (): void => {
      if (controller) controller.abort(signal.reason as Error);
      else end({ fault: signal.reason });
    };
    const end = (how: Pick<Exchange, 'fault'>): void => {
      signal.removeEventListener('abort', abort);
      if (!answer) return reject(how.fault);
      const body = Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
      resolve({ ...answer, body, ...how });
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    agent.dispatch(request, {
      onRequestStart: (started) => {
        if (signal.aborted) started.abort(signal.reason as Error);
        controller = started;
      },
      onResponseStart: (_controller, statusCode, headers) => {
        if (statusCode >= FIRST_FINAL_STATUS) answer = { statusCode, headers };
      },
      onResponseData: (started, chunk) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length < MAX_RESPONSE_BYTES) return;
        end({});
        started.abort(new Error('the response is longer than what is kept of it'));
      },
      onResponseEnd: () => end({}),
      onResponseError: (_controller, fault) => end({ fault }),
    });
  });
}
