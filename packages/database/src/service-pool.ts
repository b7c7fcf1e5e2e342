import type { CommonConfig, Logger } from '@socmate/runtime';
import type { z } from 'zod';
import { createPool, type Pool, type PoolOptions } from './pool.ts';

type PoolConfig = Pick<z.output<typeof CommonConfig>, 'DATABASE_URL' | 'DATABASE_POOL_SIZE'>;

/** The one pool of a service, of the size that its environment gives it. */
export const createServicePool = (
  service: string,
  config: PoolConfig,
  log: Logger,
  limits: Pick<PoolOptions, 'statementTimeoutMs' | 'prefersIndexes'> = {},
): Pool =>
  createPool(config.DATABASE_URL, {
    size: config.DATABASE_POOL_SIZE,
    name: service,
    ...limits,
    // The message alone: the fault of an idle connection carries its whole client along.
    onFault: ({ message: reason }) => log.warn({ reason }, 'database connection lost'),
  });
