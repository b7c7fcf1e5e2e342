import type { Sealer } from '@socmate/crypto';
import type { Pool, PrismaClient } from '@socmate/database';
import type { connectFailFast } from '@socmate/queue';
import type { Clock, Ids, Lifecycle, Logger } from '@socmate/runtime';
import type { Config } from './config.ts';

/** What the parts of one gateway share. */
export interface Base {
  readonly life: Lifecycle;
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  readonly sealer: Sealer;
  readonly redis: ReturnType<typeof connectFailFast>;
}
