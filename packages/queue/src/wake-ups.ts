import type { QueueDefinition } from '@socmate/contracts';
import { errorMessage, type Logger } from '@socmate/runtime';
import type { z } from 'zod';
import type { QueueConnection } from './connection.ts';
import { mergeAdds } from './merged-adds.ts';
import { startProducer } from './producer.ts';
import { withinTime } from './within-time.ts';

export interface WakeUps<S extends z.ZodType> {
  /** Answers within a second whether Redis took the job, and never rejects: a timer finds the rows that it names. */
  wake(payload: z.input<S>): Promise<boolean>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 1_000;

export function startWakeUps<S extends z.ZodType>(
  definition: QueueDefinition<S>,
  connection: QueueConnection,
  log: Logger,
): WakeUps<S> {
  const producer = startProducer(definition, connection);
  const { merge, payload: schema } = definition;
  const addOne = (payload: z.input<S>): Promise<void> => producer.add(payload);
  const add = merge
    ? mergeAdds(addOne, (payloads) => merge(payloads.map((payload) => schema.parse(payload))) as z.input<S>)
    : addOne;
  return {
    wake: async (payload) => {
      try {
        await withinTime(add(payload), TIMEOUT_MS);
        return true;
      } catch (fault) {
        log.warn(
          { queue: definition.name, reason: errorMessage(fault) },
          'wake-up could not be added, the timer will find the rows',
        );
        return false;
      }
    },
    close: () => producer.close(),
  };
}
