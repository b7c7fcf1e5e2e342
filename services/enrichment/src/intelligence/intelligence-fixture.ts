import type { Entity } from '@socmate/contracts';
import { type Clock, createLogger, type Logger, systemClock } from '@socmate/runtime';
import type { Memory, Remembered } from './answers.ts';
import { createIntelligence, type Intelligence, type IntelligenceDeps } from './create-intelligence.ts';
import type { Limits, Provider } from './define-provider.ts';
import { createLocalGovernor } from './local-governor.ts';

/** An entity as the readers make it. */
export const anEntity = (type: Entity['type'], value: string, more: Partial<Entity> = {}): Entity => ({
  type,
  value,
  key: `${type}:${value}`,
  strength: 'strong',
  aliases: [`${type}:${value}`],
  attributes: {},
  source: 'sentinel',
  confidence: 1,
  ...more,
});

export interface TestMemory extends Memory {
  readonly saved: Remembered[];
}

export function createTestMemory(): TestMemory {
  const saved: Remembered[] = [];
  return {
    saved,
    load: async (entityKey) => saved.filter((one) => one.entityKey === entityKey),
    save: async (one) => void saved.push(one),
  };
}

/** Shares within one process what Redis shares between replicas. */
function createTestStore(): IntelligenceDeps['store'] {
  const texts = new Map<string, string>();
  return {
    read: async (keys) => keys.map((key) => texts.get(key)),
    write: async (key, text) => void texts.set(key, text),
    claim: async (key, token) => {
      const holder = texts.get(key);
      if (holder === undefined) texts.set(key, token);
      return holder;
    },
    renew: async () => undefined,
    release: async (key, token) => {
      if (texts.get(key) === token) texts.delete(key);
    },
  };
}

const NO_QUOTAS: Limits = { concurrency: 50 };

export const configuredAt = (provider: Provider, baseUrl: string, limits: Limits = NO_QUOTAS) => ({
  provider,
  baseUrl,
  key: 'the-key',
  limits,
  isSimulated: false,
});

export const silent: Logger = createLogger('test', 'silent');

/** An engine whose replicas share nothing but what is passed in. */
export function createTestIntelligence(
  providers: IntelligenceDeps['providers'],
  deps: Partial<IntelligenceDeps> = {},
): Intelligence {
  const clock: Clock = deps.clock ?? systemClock;
  return createIntelligence({
    providers,
    store: createTestStore(),
    governor: createLocalGovernor(clock),
    memory: createTestMemory(),
    lists: async () => [],
    log: silent,
    ...deps,
    clock,
  });
}
