import type { WriteError } from '@socmate/database';
import { AppError } from '@socmate/runtime';
import { azureStatus, ConnectionError } from '@socmate/sentinel';

/** What a failed write to Azure means for its row. */
export type WriteVerdict =
  | { readonly kind: 'refused'; readonly error: WriteError }
  | { readonly kind: 'changed' }
  | { readonly kind: 'throttled'; readonly error: WriteError; readonly retryAfterS: number }
  /** `isUncertain`: Azure may have taken it. `isUnspent`: Azure never looked at it. */
  | {
      readonly kind: 'later';
      readonly error: WriteError;
      readonly isUncertain: boolean;
      readonly isUnspent: boolean;
      readonly delayS: number | undefined;
    };

const THROTTLED_S = 30;
const INTERNAL = 'It failed for a reason of its own, which the log of sentinel-sync tells';

/** What is shown of a fault. */
export function writeError(fault: unknown): WriteError {
  const status = azureStatus(fault);
  if (!(fault instanceof AppError)) return { code: 'internal', message: INTERNAL };
  const { message } = fault;
  if (status === 403) return { code: 'forbidden', message };
  if (fault.code === 'invalid_input') return { code: 'upstream_error', message };
  return { code: fault.code, message };
}

/** Azure answered that it will not have it; then, and only then, it was not written. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

export function judgeWriteFault(fault: unknown): WriteVerdict {
  const error = writeError(fault);
  const status = azureStatus(fault);
  const delayS = fault instanceof AppError ? fault.retryAfterS : undefined;
  if (status === 429) return { kind: 'throttled', error, retryAfterS: delayS ?? THROTTLED_S };
  const isSignIn = fault instanceof ConnectionError && fault.check === 'token';
  if (isSignIn || status === 401)
    return { kind: 'later', error, isUncertain: false, isUnspent: true, delayS };
  if (fault instanceof AppError && fault.code === 'conflict') return { kind: 'changed' };
  if (status !== undefined && isRefusal(status)) return { kind: 'refused', error };
  return { kind: 'later', error, isUncertain: true, isUnspent: false, delayS };
}
