import { Observation } from '@socmate/contracts';
import type { SharedStore } from '@socmate/queue';
import { type Clock, errorMessage, type Logger } from '@socmate/runtime';
import type { ConfiguredProvider } from './ask-provider.ts';
import type { SharedOrAlone } from './shared-or-alone.ts';
import type { Subject } from './subject.ts';

export interface Remembered {
  readonly provider: string;
  readonly entityKey: string;
  readonly answer: unknown;
  readonly fetchedAt: Date;
  readonly expiresAt: Date;
}

/** What outlives Redis: the last answer per provider and entity. */
export interface Memory {
  load(entityKey: string): Promise<readonly Remembered[]>;
  save(remembered: Remembered): Promise<void>;
}

export interface AnswersDeps {
  readonly store: SharedStore;
  readonly memory: Memory;
  readonly sharedOrAlone: SharedOrAlone;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Answers that are still believed, from Redis and from Postgres behind it. */
export interface Answers {
  /** By provider. */
  recall(subject: Subject, providers: readonly ConfiguredProvider[]): Promise<Map<string, Observation>>;
  /** From Redis alone: whether a replica has just been answered. */
  justKept(subject: Subject, provider: ConfiguredProvider): Promise<Observation | undefined>;
  keep(subject: Subject, observation: Observation): Promise<void>;
}

export function createAnswers(deps: AnswersDeps): Answers {
  const fromStore = async (subject: Subject, providers: readonly ConfiguredProvider[]) => {
    const keys = providers.map(({ provider }) => keyOf(provider.name, subject.key));
    const texts = await deps.sharedOrAlone(
      () => deps.store.read(keys),
      () => [],
    );
    const found = texts.map((text) => (text === undefined ? undefined : parsed(text)));
    return chosen(providers, (_, at) => found[at], deps.clock);
  };
  return {
    recall: async (subject, providers) => {
      const known = await fromStore(subject, providers);
      const missing = providers.filter(({ provider }) => !known.has(provider.name));
      if (missing.length === 0) return known;
      const remembered = await loaded(deps, subject.key);
      const again = chosen(missing, ({ provider }) => remembered.get(provider.name), deps.clock);
      await Promise.all([...again.values()].map((observation) => share(deps, subject, observation)));
      return new Map([...known, ...again]);
    },
    justKept: async (subject, provider) => [...(await fromStore(subject, [provider])).values()][0],
    keep: async (subject, observation) => {
      await Promise.all([share(deps, subject, observation), remember(deps, subject, observation)]);
    },
  };
}

const keyOf = (provider: string, entityKey: string): string => `intelligence:${provider}:${entityKey}`;

type Find = (provider: ConfiguredProvider, at: number) => unknown;

/** Of what was found, what is an answer, not yet too old, and of the same place as the provider now is. */
function chosen(providers: readonly ConfiguredProvider[], find: Find, clock: Clock) {
  const now = clock.now().toISOString();
  const observations = new Map<string, Observation>();
  for (const [at, configured] of providers.entries()) {
    const { name, reliability } = configured.provider;
    const { success, data } = Observation.safeParse(find(configured, at));
    const isAnswer = success && (data.status === 'known' || data.status === 'unknown');
    if (!isAnswer || data.expires_at === null || data.expires_at <= now) continue;
    if (data.simulated === configured.isSimulated)
      observations.set(name, { ...data, provider: name, reliability, cached: true });
  }
  return observations;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function loaded({ memory, log }: AnswersDeps, entityKey: string): Promise<Map<string, unknown>> {
  try {
    return new Map((await memory.load(entityKey)).map(({ provider, answer }) => [provider, answer]));
  } catch (fault) {
    log.warn({ reason: errorMessage(fault) }, 'remembered intelligence could not be read');
    return new Map();
  }
}

async function share({ store, sharedOrAlone, clock }: AnswersDeps, subject: Subject, answer: Observation) {
  const ttlMs = Date.parse(answer.expires_at ?? '') - clock.now().getTime();
  const text = JSON.stringify({ ...answer, cached: false });
  const key = keyOf(answer.provider, subject.key);
  await sharedOrAlone(
    () => store.write(key, text, ttlMs),
    () => undefined,
  );
}

async function remember({ memory, log }: AnswersDeps, subject: Subject, answer: Observation) {
  const { provider, observed_at, expires_at } = answer;
  if (expires_at === null) return;
  const fetchedAt = new Date(observed_at);
  const expiresAt = new Date(expires_at);
  try {
    await memory.save({ provider, entityKey: subject.key, answer, fetchedAt, expiresAt });
  } catch (fault) {
    log.warn({ provider, reason: errorMessage(fault) }, 'intelligence could not be remembered');
  }
}
