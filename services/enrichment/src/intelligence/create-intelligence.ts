import type { Entity, Observation } from '@socmate/contracts';
import type { Governor, SharedStore } from '@socmate/queue';
import type { Clock, Logger } from '@socmate/runtime';
import { admit, type Confidences, isSubjectType } from './admit.ts';
import { type Answers, createAnswers, type Memory } from './answers.ts';
import type { ConfiguredProvider } from './ask-provider.ts';
import { type AskDeps, askWithinQuotas } from './ask-within-quotas.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Concurrency, createConcurrency } from './concurrency.ts';
import { createFlights, type Flights } from './flights.ts';
import { createFindList, type ListedValue } from './listed-values.ts';
import { createLocalGovernor } from './local-governor.ts';
import { lookedUp } from './lookup-events.ts';
import { unanswered } from './observation.ts';
import { createProviderClient } from './provider-client.ts';
import { abandoned } from './provider-fault.ts';
import { flyShared, type SharedFlightsDeps } from './shared-flights.ts';
import { createSharedOrAlone } from './shared-or-alone.ts';
import type { Subject } from './subject.ts';

export interface IntelligenceDeps {
  readonly providers: readonly ConfiguredProvider[];
  readonly store: SharedStore;
  readonly governor: Governor;
  readonly memory: Memory;
  /** The entries of the lists `internal` and `allow`; asked for every lookup. */
  readonly lists: () => Promise<readonly ListedValue[]>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface LookUpOptions extends Confidences {
  readonly signal: AbortSignal;
  /** Asks again what is still believed; joins a question that is on its way. */
  readonly force?: boolean;
  /** How long the quota of a provider may be waited for, at most. */
  readonly quotaWaitMs?: number;
}

export interface Intelligence {
  /** What each provider that knows such things says, in the order of the providers; faults are observations too. */
  lookUp(entity: Entity, options: LookUpOptions): Promise<Observation[]>;
  close(): void;
}

interface Desk {
  readonly configured: ConfiguredProvider;
  readonly breaker: Breaker;
  readonly concurrency: Concurrency;
}

interface Engine {
  readonly ask: AskDeps;
  readonly answers: Answers;
  readonly flights: Flights<Observation>;
  readonly shared: SharedFlightsDeps;
}

const QUOTA_WAIT_MS = 20_000;

export function createIntelligence(deps: IntelligenceDeps): Intelligence {
  const { clock, log, store } = deps;
  const sharedOrAlone = createSharedOrAlone(clock, log);
  const client = createProviderClient();
  const governors = { shared: deps.governor, alone: createLocalGovernor(clock) };
  const engine: Engine = {
    ask: { client, governors, sharedOrAlone, clock, log },
    answers: createAnswers({ ...deps, sharedOrAlone }),
    flights: createFlights(),
    shared: { store, sharedOrAlone },
  };
  const desks = deps.providers.map((configured) => ({
    configured,
    breaker: createBreaker(clock),
    concurrency: createConcurrency(configured.limits.concurrency),
  }));
  return {
    lookUp: async (entity, options) => {
      const able = desks.filter(({ configured: { provider } }) =>
        provider.entityTypes.some((type) => type === entity.type),
      );
      if (able.length === 0 || !isSubjectType(entity.type)) return [];
      const admission = admit(entity, createFindList(await deps.lists()), options);
      const observations =
        'reason' in admission
          ? able.map(({ configured }) => skipped(configured, admission.reason, clock.now()))
          : await observe(engine, able, admission.subject, options);
      for (const observation of observations) lookedUp(log, observation);
      return observations;
    },
    close: () => client.close(),
  };
}

const skipped = (configured: ConfiguredProvider, reason: string, now: Date): Observation =>
  unanswered(configured, 'skipped', { summary: `was not asked: ${reason}`, now });

async function observe(
  engine: Engine,
  able: readonly Desk[],
  subject: Subject,
  options: LookUpOptions,
): Promise<Observation[]> {
  const fitting = able.filter(({ configured: { provider } }) => provider.accepts?.(subject) ?? true);
  const providers = fitting.map(({ configured }) => configured);
  const known = options.force === true ? undefined : await engine.answers.recall(subject, providers);
  return Promise.all(
    fitting.map(
      async (desk) => known?.get(desk.configured.provider.name) ?? lookUpOne(engine, desk, subject, options),
    ),
  );
}

async function lookUpOne(
  { ask, answers, flights, shared }: Engine,
  { configured, breaker, concurrency }: Desk,
  subject: Subject,
  { signal, force = false, quotaWaitMs = QUOTA_WAIT_MS }: LookUpOptions,
): Promise<Observation> {
  const { name } = configured.provider;
  const flight = `${name}:${subject.key}`;
  const work = (aborted: AbortSignal) => async (): Promise<Observation> => {
    // Whoever came too late for a flight finds what it brought.
    const kept = force ? undefined : await answers.justKept(subject, configured);
    if (kept !== undefined) return kept;
    const observation = await askWithinQuotas(ask, {
      configured,
      breaker,
      subject,
      quotaWaitMs,
      signal: aborted,
    });
    if (observation.expires_at !== null) await answers.keep(subject, observation);
    return observation;
  };
  try {
    return await flights.join(flight, signal, (aborted) =>
      concurrency(aborted, () => flyShared(shared, { name: flight, signal: aborted, work: work(aborted) })),
    );
  } catch (fault) {
    if (!signal.aborted) throw fault;
    const { message: summary, kind } = abandoned(fault);
    return unanswered(configured, 'error', { summary, now: ask.clock.now(), fault: kind });
  }
}
