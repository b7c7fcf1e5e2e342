import { createIntelligenceMemory, createListEntries, type Pool } from '@socmate/database';
import { connectFailFast, createGovernor, createSharedStore } from '@socmate/queue';
import { type Clock, type Lifecycle, type Logger, startTimer } from '@socmate/runtime';
import type { Config } from '../config.ts';
import { createIntelligence, type Intelligence } from '../intelligence/create-intelligence.ts';
import type { ListedValue } from '../intelligence/listed-values.ts';
import { configuredProviders } from '../intelligence-config.ts';

export interface IntelligenceParts {
  readonly config: Config;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Logger;
}

const FORGET_INTERVAL_MS = 3_600_000;
const FORGET_AFTER_DAYS = 30;
/** An incident's entities are looked up at once, and each asks for the lists. */
const LISTS_FOR_MS = 1_000;

/** What asks the providers that the environment turns on. */
export function openIntelligence(
  life: Lifecycle,
  { config, pool, clock, log }: IntelligenceParts,
): Intelligence {
  const redis = life.use('redis', connectFailFast(config.REDIS_URL), (one) => one.disconnect());
  const memory = createIntelligenceMemory(pool);
  const forget = startTimer('forget-intelligence', FORGET_INTERVAL_MS, log, async (signal) => {
    while (!signal.aborted && (await memory.forget(FORGET_AFTER_DAYS)) > 0);
  });
  life.use('forget intelligence', forget, (timer) => timer.close());
  const providers = configuredProviders(config);
  log.info({ providers: providers.map(({ provider }) => provider.name) }, 'providers of intelligence are on');
  const intelligence = createIntelligence({
    providers,
    store: createSharedStore(redis, config.QUEUE_PREFIX),
    governor: createGovernor(redis, config.QUEUE_PREFIX),
    memory,
    lists: createListReader(pool, config.TENANT_DOMAINS),
    clock,
    log,
  });
  return life.use('intelligence', intelligence, (one) => one.close());
}

/** The tenant's own domains, and the lists of what is never asked about, read at most once a second. */
function createListReader(
  pool: Pool,
  tenantDomains: readonly string[],
): () => Promise<readonly ListedValue[]> {
  const own = tenantDomains.map((value) => ({ list: 'internal', value }) as const);
  const entries = createListEntries(pool);
  let read: Promise<readonly ListedValue[]> | undefined;
  let readAt = 0;
  return () => {
    if (read === undefined || performance.now() - readAt > LISTS_FOR_MS) {
      readAt = performance.now();
      read = entries
        .current()
        .then((all) => [
          ...own,
          ...all.flatMap(({ list, value }) => (isGate(list) ? [{ list, value }] : [])),
        ]);
      read.catch(() => {
        read = undefined;
      });
    }
    return read;
  };
}

const isGate = (list: string): list is ListedValue['list'] => list === 'internal' || list === 'allow';
