import type { QueueDefinition } from '@socmate/contracts';
import { AppError, type Logger } from '@socmate/runtime';
import { UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { connectPatient, type QueueConnection } from './connection.ts';
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
      const run = handle(parsed.data, signal ?? new AbortController().signal).catch(asUnrecoverable);
      const ended = run.catch(() => undefined).finally(() => running.delete(ended));
      running.add(ended);
      await run;
    },
    { connection, prefix, concurrency, telemetry: queueTelemetry },
  );
  worker.on('failed', (job, err) => log.error({ err, queue: definition.name, job: job?.id }, 'job failed'));
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
  readonly connection: Redis;
  readonly running: ReadonlySet<Promise<void>>;
}

async function closeWorker({ worker, connection, running }: Closing, graceMs: number): Promise<void> {
  const isAway = connection.status !== 'ready';
  const cancel = setTimeout(() => worker.cancelAllJobs('shutdown'), graceMs);
  try {
    // Without Redis a clean close waits for it to come back: then only the handlers are waited for.
    if (isAway) await Promise.all(running);
    await worker.close(isAway);
  } finally {
    clearTimeout(cancel);
    connection.disconnect();
  }
}
