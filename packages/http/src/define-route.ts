import type { Scope } from '@socmate/contracts';
import type { z } from 'zod';
import type { Principal } from './principal.ts';
import type { Reply } from './reply.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a handler may know of the request beside its parsed input. */
export interface RequestInfo {
  readonly id: string;
  readonly ip: string;
  /** How long ago the request arrived. */
  elapsedMs(): number;
  /** Aborts when the caller is gone, or has its answer. */
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
}

type Empty = z.ZodObject<Record<string, never>>;

interface RouteHead<S extends 'public' | Scope | readonly Scope[]> {
  readonly method: Method;
  /** As OpenAPI writes it: `/api/v1/incidents/{number}`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** One scope, or any one of several; `'public'` needs no credential. */
  readonly scope: S;
  /** The status of a plain answer; 200 if not given. */
  readonly status?: number;
  /** A route of the documented API: unknown body fields are ignored and named in `Warning`. */
  readonly documented?: boolean;
  /** Takes `Idempotency-Key`. */
  readonly idempotent?: boolean;
  /** Further statuses, each with what it means; those below 400 have the body of `response`. */
  readonly alsoAnswers?: Readonly<Record<number, string>>;
  /** Headers that the handler reads, each with what it says. */
  readonly takesHeaders?: Readonly<Record<string, string>>;
  /** Headers of a good answer, each with what it says. */
  readonly sendsHeaders?: Readonly<Record<string, string>>;
}

export interface RouteInput<P, Q, B, S> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: S extends 'public' ? undefined : Principal;
  readonly request: RequestInfo;
}

interface RouteDefinition<
  S extends 'public' | Scope | readonly Scope[],
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  R extends z.ZodType,
> extends RouteHead<S> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Not given: the answer has no body (204). */
  readonly response?: R;
  /** Answers carry an `ETag` of this part of them, and 304 where `If-None-Match` names it. */
  readonly etag?: (answer: z.output<R>) => unknown;
  handle(
    input: RouteInput<z.output<P>, z.output<Q>, z.output<B>, S>,
  ): Promise<z.input<R> | Reply<z.input<R>>> | z.input<R> | Reply<z.input<R>>;
}

/** A route with its types forgotten: what is mounted and what is documented. */
export interface Route extends RouteHead<'public' | Scope | readonly Scope[]> {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly response?: z.ZodType;
  etag?(answer: unknown): unknown;
  handle(input: RouteInput<unknown, unknown, unknown, 'public' | Scope>): unknown;
}

/** Declares one operation: it is mounted and documented from this object alone. */
export const defineRoute = <
  const S extends 'public' | Scope | readonly Scope[],
  P extends z.ZodObject = Empty,
  Q extends z.ZodObject = Empty,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined | z.ZodVoid,
>(
  definition: RouteDefinition<S, P, Q, B, R>,
): Route =>
  // The mount hands a handler exactly the input that its own schemas parsed.
  definition as unknown as Route;
