import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Observation } from '@socmate/contracts';
import type { SharedStore } from '@socmate/queue';
import type { SharedOrAlone } from './shared-or-alone.ts';

export interface SharedFlight {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly work: () => Promise<Observation>;
}

export interface SharedFlightsDeps {
  readonly store: SharedStore;
  readonly sharedOrAlone: SharedOrAlone;
}

const OUTCOME_TTL_MS = 10_000;
/** A replica that is silent for so long counts as dead, and another does its work. */
const CLAIM_TTL_MS = 3_000;
const RENEWAL_MS = 750;
const FIRST_LOOK_MS = 25;
const LAST_LOOK_MS = 200;

/** One piece of work per name at a time in all replicas: the others wait for how it ends, be it an error. */
export async function flyShared(deps: SharedFlightsDeps, flight: SharedFlight): Promise<Observation> {
  const token = randomUUID();
  const claim = () => deps.store.claim(claimOn(flight.name), token, CLAIM_TTL_MS);
  for (;;) {
    const holder = await deps.sharedOrAlone(claim, () => undefined);
    if (holder === undefined) return lead(deps, flight, token);
    const outcome = await awaited(deps, flight, holder);
    if (outcome !== undefined) return outcome;
  }
}

async function lead({ store, sharedOrAlone }: SharedFlightsDeps, flight: SharedFlight, token: string) {
  const renew = () => store.renew(claimOn(flight.name), token, CLAIM_TTL_MS);
  const renewing = setInterval(() => void sharedOrAlone(renew, () => undefined), RENEWAL_MS);
  try {
    const observation = await flight.work();
    const tell = () => store.write(outcomeOf(token), JSON.stringify(observation), OUTCOME_TTL_MS);
    // What was given up here is for the others to do.
    if (!flight.signal.aborted) await sharedOrAlone(tell, () => undefined);
    return observation;
  } finally {
    clearInterval(renewing);
    const release = () => store.release(claimOn(flight.name), token);
    // A Redis that was merely late has the claim, and would keep others waiting for as long as a replica may take.
    await sharedOrAlone(release, () => void release().catch(() => undefined));
  }
}

/** Undefined when the holder is gone without a word. */
async function awaited(deps: SharedFlightsDeps, { name, signal }: SharedFlight, holder: string) {
  const keys = [outcomeOf(holder), claimOn(name)];
  const look = () => deps.store.read(keys);
  for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, LAST_LOOK_MS)) {
    await delay(waitMs, undefined, { signal });
    const [outcome, claim] = await deps.sharedOrAlone(look, () => []);
    if (outcome !== undefined) return Observation.parse(JSON.parse(outcome));
    if (claim !== holder) return undefined;
  }
}

const claimOn = (name: string): string => `asking:${name}`;
const outcomeOf = (token: string): string => `answered:${token}`;
