import type { QueueDefinition } from '@socmate/contracts';
import { AppError, type Logger } from '@socmate/runtime';
import { UnrecoverableError, Worker } from 'bullmq';
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
  const worker = new Worker(
    definition.name,
    async (job, _token, signal) => {
      const parsed = definition.payload.safeParse(job.data);
      if (!parsed.success)
        throw new UnrecoverableError(`the payload is not valid: ${z.prettifyError(parsed.error)}`);
      await handle(parsed.data, signal ?? new AbortController().signal).catch(asUnrecoverable);
    },
    { connection, prefix, concurrency, telemetry: queueTelemetry, skipVersionCheck: true },
  );
  worker.on('failed', (job, err) => log.error({ err, queue: definition.name, job: job?.id }, 'job failed'));
  worker.on('error', (err) =>
    log.warn({ queue: definition.name, reason: err.message }, 'queue connection fault'),
  );
  return { queue: definition.name, close: () => closeWorker(worker, connection, graceMs) };
}

function asUnrecoverable(fault: unknown): never {
  if (fault instanceof AppError && !fault.isRetryable) {
    throw Object.assign(new UnrecoverableError(fault.message), { cause: fault });
  }
  throw fault;
}

async function closeWorker(
  worker: Worker,
  connection: { disconnect(): void },
  graceMs: number,
): Promise<void> {
  const cancel = setTimeout(() => worker.cancelAllJobs('shutdown'), graceMs);
  try {
    await worker.close();
  } finally {
    clearTimeout(cancel);
    connection.disconnect();
  }
}
