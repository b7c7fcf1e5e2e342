import type { AzureQuota, Heartbeat, WriteError, WriteWorkspace } from '@socmate/database';
import type { Logger } from '@socmate/runtime';
import type { SentinelClient } from '@socmate/sentinel';
import type { SentinelClients } from './sentinel-clients.ts';
import { writesThrottled } from './write-back-events.ts';
import { judgeWriteFault, type WriteVerdict } from './write-back-fault.ts';

const ATTEMPTS_MAX = 10;
const QUOTA_WAIT_S = 15;

export interface WriteBackDeps {
  readonly owner: string;
  readonly heartbeat: Pick<Heartbeat, 'isAlive'>;
  readonly quota: AzureQuota;
  readonly clients: SentinelClients;
  readonly log: Logger;
}

/** Where a claimed row is written to. */
export interface Destination extends WriteWorkspace {
  readonly client: SentinelClient;
}

/** How a claimed row waits on. */
export interface Wait {
  readonly isUncertain: boolean;
  readonly error: WriteError | null;
  readonly delayS?: number | undefined;
  readonly isUnspent?: boolean;
}

export const DISCONNECTED: WriteError = { code: 'conflict', message: 'the workspace was disconnected' };

const QUOTA_FULL: WriteError = {
  code: 'unavailable',
  message: 'waits until Azure’s quota of incident writes has room',
};

interface Tried {
  readonly attempts: number;
  readonly is_late: boolean;
  readonly error: WriteError | null;
}

/** Why a row is given up before another attempt. */
export function givenUp({ attempts, is_late: isLate, error }: Tried): WriteError | undefined {
  if (!isLate && attempts < ATTEMPTS_MAX) return undefined;
  const after = isLate ? 'after a day' : `after ${attempts} attempts`;
  return {
    code: 'upstream_error',
    message: `given up ${after}: ${error?.message ?? 'Azure did not answer'}`,
  };
}

/** A claimed row, where it is written to, and whether an earlier attempt of it may still arrive. */
interface Writing {
  readonly destination: Destination;
  readonly claim: { readonly is_uncertain: boolean };
}

/** One write of the quota that all replicas share; what to wait for where there is none. */
export async function takeWrite(
  { quota }: WriteBackDeps,
  { destination, claim }: Writing,
): Promise<Wait | undefined> {
  if (await quota.take(destination.connection.subscriptionId, 1)) return undefined;
  return { isUncertain: claim.is_uncertain, error: QUOTA_FULL, delayS: QUOTA_WAIT_S };
}

export interface Failed {
  readonly verdict: WriteVerdict;
  readonly wait: Wait | undefined;
}

/**
 * What a failed write means: nobody writes while Azure asked to wait, and a token that was refused is renewed. That
 * this attempt was not made says nothing of an earlier one whose answer was lost.
 */
export async function judgeWrite(
  deps: WriteBackDeps,
  { destination: { connection }, claim }: Writing,
  fault: unknown,
): Promise<Failed> {
  const wasUncertain = claim.is_uncertain;
  const verdict = judgeWriteFault(fault);
  if (verdict.kind === 'throttled') {
    const { error, retryAfterS } = verdict;
    await deps.quota.block(connection.subscriptionId, retryAfterS);
    writesThrottled(deps.log, connection.id, retryAfterS);
    return { verdict, wait: { isUncertain: wasUncertain, error, delayS: retryAfterS, isUnspent: true } };
  }
  if (verdict.kind !== 'later') return { verdict, wait: undefined };
  deps.clients.forget(connection.id);
  const { kind: _, ...wait } = verdict;
  return { verdict, wait: { ...wait, isUncertain: wait.isUncertain || wasUncertain } };
}
