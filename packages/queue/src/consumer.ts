import { setTimeout as delay } from 'node:timers/promises';
import type { QueueDefinition } from '@socmate/contracts';
import { AppError, type Logger } from '@socmate/runtime';
import { UnrecoverableError, Worker } from 'bullmq';
import { z } from 'zod';
import { connectPatient, type PatientConnection, type QueueConnection } from './connection.ts';
import { queueTelemetry } from './telemetry.ts';

/** Returns when the work is done or pointless; throws to be retried; throws a permanent `AppError` to give up. */
export type Handler<S extends z.ZodType> = (payload: z.output<S>, signal: AbortSignal) => Promise<void>;

export interface ConsumerOptions extends QueueConnection {
  readonly concurrency: number;
  readonly log: Logger;
  /** How long a running handler may finish after `close`, before its signal is aborted. */
  readonly graceMs: number;
}

export interface Consumer {
  readonly queue: string;
  close(): Promise<void>;
}

const STORE_WITHIN_MS = 1_000;
const CLOSE_WITHIN_MS = 3_000;

export function startConsumer<S extends z.ZodType>(
  definition: QueueDefinition<S>,
  { url, prefix, concurrency, log, graceMs }: ConsumerOptions,
  handle: Handler<S>,
): Consumer {
  const connection = connectPatient(url);
  const running = new Set<Promise<void>>();
  const worker = new Worker(
    definition.name,
    async (job, _token, signal) => {
      const parsed = definition.payload.safeParse(job.data);
      if (!parsed.success)
        throw new UnrecoverableError(`the payload is not valid: ${z.prettifyError(parsed.error)}`);
      const start = async (): Promise<void> => handle(parsed.data, signal ?? new AbortController().signal);
      const run = start().catch(asUnrecoverable);
      const ended = run.catch(() => undefined).finally(() => running.delete(ended));
      running.add(ended);
      await run;
    },
    { connection: connection.redis, prefix, concurrency, telemetry: queueTelemetry },
  );
  worker.on('failed', (job, fault) => {
    const err = fault.cause instanceof AppError ? fault.cause : fault;
    log.error({ err, queue: definition.name, job: job?.id }, 'job failed');
  });
  worker.on('error', createFaultLog(log, definition.name));
  return { queue: definition.name, close: () => closeWorker({ worker, connection, running }, graceMs) };
}

/** A Redis that is away faults several times a second; one line says it until it changes. */
function createFaultLog(log: Logger, queue: string): (fault: Error) => void {
  let last = '';
  return ({ message: reason }) => {
    if (reason === last) return;
    last = reason;
    log.warn({ queue, reason }, 'queue connection fault');
  };
}

function asUnrecoverable(fault: unknown): never {
  if (fault instanceof AppError && !fault.isRetryable) {
    throw Object.assign(new UnrecoverableError(fault.message), { cause: fault });
  }
  throw fault;
}

interface Closing {
  readonly worker: Worker;
  readonly connection: PatientConnection;
  readonly running: ReadonlySet<Promise<void>>;
}

/** Settles when no handler runs and Redis has had its time to hear of the last one. */
async function handlersEnded(running: ReadonlySet<Promise<void>>, signal: AbortSignal): Promise<void> {
  do {
    await Promise.all(running);
    await delay(STORE_WITHIN_MS, undefined, { signal }).catch(() => undefined);
  } while (running.size > 0);
}

async function closeWorker({ worker, connection, running }: Closing, graceMs: number): Promise<void> {
  const isAway = connection.redis.status !== 'ready';
  const cancel = setTimeout(() => worker.cancelAllJobs('shutdown'), graceMs);
  const done = new AbortController();
  try {
    // Without Redis a clean close waits for it to come back: then only the handlers are waited for.
    if (isAway) await Promise.all(running);
    const closed = worker.close(isAway);
    // It may also go, or hang, in the middle of this.
    await Promise.race([closed, handlersEnded(running, done.signal)]);
    connection.giveUp();
    const late = delay(CLOSE_WITHIN_MS, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([closed, late]);
  } finally {
    done.abort();
    clearTimeout(cancel);
    connection.redis.disconnect();
  }
}
