import type { z } from 'zod';
import type { CommonConfig } from './env.ts';
import { type HealthChecks, startHealthServer } from './health.ts';
import type { Lifecycle, Running } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** A service without a public port, as it runs. */
export interface Worker extends Running {
  readonly log: Logger;
  readonly healthUrl: string;
}

interface WorkerParts {
  readonly config: Pick<z.output<typeof CommonConfig>, 'HEALTH_HOST' | 'HEALTH_PORT'>;
  readonly log: Logger;
  readonly checks: HealthChecks;
}

/** Ends a worker's start-up: answers health from now on, and first of all stops answering when it closes. */
export async function startWorker(life: Lifecycle, { config, log, checks }: WorkerParts): Promise<Worker> {
  const { HEALTH_HOST: host, HEALTH_PORT: port } = config;
  const health = await startHealthServer({ host, port, checks, isClosing: () => life.isClosing });
  life.use('health', health, (server) => server.close());
  log.info({ healthUrl: health.url }, 'started');
  return { log, healthUrl: health.url, close: () => life.close() };
}
