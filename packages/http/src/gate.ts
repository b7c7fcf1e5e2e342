import type { AppError } from '@socmate/runtime';
import type { RequestInfo } from './define-route.ts';
import type { Principal } from './principal.ts';

/** An answer ready to be sent; `body` is JSON text, or undefined where there is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Admission {
  /** Sent with every answer to this principal, refusals included. */
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal?: AppError;
}

export interface OnceCall {
  readonly principal: Principal;
  readonly key: string;
  /** Method, path, query and body, as one hash. */
  readonly requestHash: string;
}

/** What stands before every route that is not public. */
export interface Gate {
  /** Throws a 401 where the credential is missing or not good. */
  authenticate(request: RequestInfo): Promise<Principal>;
  /** Counts the request against the principal's rate. */
  admit(principal: Principal): Promise<Admission>;
  /** Runs a call once per `Idempotency-Key`, and gives a repetition the first answer. */
  once(call: OnceCall, run: () => Promise<Answer>): Promise<Answer>;
}
