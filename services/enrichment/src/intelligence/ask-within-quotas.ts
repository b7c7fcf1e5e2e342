import { setTimeout as delay } from 'node:timers/promises';
import type { Observation } from '@socmate/contracts';
import type { Governor, Slot } from '@socmate/queue';
import type { Clock, Logger } from '@socmate/runtime';
import { askProvider, type ConfiguredProvider } from './ask-provider.ts';
import type { Breaker } from './breaker.ts';
import { answered, unanswered } from './observation.ts';
import type { ProviderClient } from './provider-client.ts';
import { abandoned, ProviderFault } from './provider-fault.ts';
import type { SharedOrAlone } from './shared-or-alone.ts';
import type { Subject } from './subject.ts';

interface Governors {
  readonly shared: Governor;
  /** For while Redis is away. */
  readonly alone: Governor;
}

export interface AskDeps {
  readonly client: ProviderClient;
  readonly governors: Governors;
  readonly sharedOrAlone: SharedOrAlone;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Ask {
  readonly configured: ConfiguredProvider;
  readonly breaker: Breaker;
  readonly subject: Subject;
  /** How long a quota may be waited for. */
  readonly quotaWaitMs: number;
  readonly signal: AbortSignal;
}

/** Asks within the quotas, unless the provider is being left alone; what goes wrong is an observation too. */
export async function askWithinQuotas(deps: AskDeps, ask: Ask): Promise<Observation> {
  const { configured, breaker } = ask;
  const settle = breaker.enter();
  if (settle === undefined) {
    const summary = 'is left alone for a while, for it failed several times in a row';
    return unanswered(configured, 'error', { summary, now: deps.clock.now(), fault: 'breaker' });
  }
  try {
    const refusal = await slotTaken(deps, ask);
    if (refusal !== undefined) {
      settle('neither');
      return limited(deps, configured, refusal);
    }
    const now = deps.clock.now();
    const judgement = await askProvider(deps.client, configured, { ...ask, now });
    settle('success');
    return answered(configured, judgement, deps.clock.now());
  } catch (fault) {
    const known = fault instanceof ProviderFault ? fault : unforeseen(deps, ask, fault);
    settle(known.kind === 'limited' || known.kind === 'abandoned' ? 'neither' : 'fault');
    return failed(deps, configured, known);
  }
}

/** Waits for its turn; a turn that is too far off is left to others, and answered with its slot. */
async function slotTaken(deps: AskDeps, { configured, quotaWaitMs, signal }: Ask): Promise<Slot | undefined> {
  const { governors, sharedOrAlone, clock } = deps;
  const { provider, limits } = configured;
  const deadline = clock.now().getTime() + quotaWaitMs;
  const take = async (governor: Governor): Promise<Slot> =>
    governor.take(provider.name, limits, Math.max(0, deadline - clock.now().getTime()));
  for (;;) {
    const slot = await sharedOrAlone(
      () => take(governors.shared),
      () => take(governors.alone),
    );
    if (!slot.isTaken) return slot;
    if (slot.waitMs === 0) return undefined;
    await delay(slot.waitMs, undefined, { signal });
    const blockedMs = (governor: Governor) => governor.blockedMs(provider.name);
    const wait = await sharedOrAlone(
      () => blockedMs(governors.shared),
      () => blockedMs(governors.alone),
    );
    if (wait === 0) return undefined;
  }
}

const QUOTAS = {
  minute: 'its quota of a minute is spent',
  day: 'its quota of the day is spent',
  blocked: 'it said that its quota is spent',
} as const;

function limited({ clock }: AskDeps, configured: ConfiguredProvider, { waitMs, why = 'minute' }: Slot) {
  const againAt = new Date(clock.now().getTime() + waitMs);
  const summary = `was not asked, for ${QUOTAS[why]} until ${againAt.toISOString()}`;
  return unanswered(configured, 'limited', { summary, now: clock.now(), again_at: againAt.toISOString() });
}

/** One answer that our own code cannot cope with must not cost an incident what the others know. */
function unforeseen({ log }: AskDeps, { configured, subject, signal }: Ask, err: unknown): ProviderFault {
  if (signal.aborted) return abandoned(err);
  log.error({ err, provider: configured.provider.name, key: subject.key }, 'provider could not be asked');
  return new ProviderFault('garbage', 'gave an answer that could not be read', { cause: err });
}

async function failed(deps: AskDeps, configured: ConfiguredProvider, fault: ProviderFault) {
  const now = deps.clock.now();
  if (fault.kind !== 'limited')
    return unanswered(configured, 'error', { summary: fault.message, now, fault: fault.kind });
  const { retryAfterMs = 0 } = fault;
  const { name } = configured.provider;
  const block = (governor: Governor) => governor.block(name, retryAfterMs);
  await deps.governors.alone.block(name, retryAfterMs);
  await deps.sharedOrAlone(
    () => block(deps.governors.shared),
    () => undefined,
  );
  const again_at = new Date(now.getTime() + retryAfterMs).toISOString();
  return unanswered(configured, 'limited', { summary: fault.message, now, again_at });
}
