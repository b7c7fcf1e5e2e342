import type { Reliability, Verdict } from '@socmate/contracts';
import type { z } from 'zod';
import type { Subject, SubjectType } from './subject.ts';

/** `key`: on when its key is given; `switch`: free, on when switched on; `either`: free, and better with a key. */
type Access = 'key' | 'switch' | 'either';

export interface Limits {
  readonly perMinute?: number;
  /** Days are UTC. */
  readonly perDay?: number;
  /** Requests in flight, per replica. */
  readonly concurrency: number;
}

export interface ProviderRequest {
  readonly method?: 'GET' | 'POST';
  /** From the origin on, so that a base URL replaces the origin alone; what it is made of is encoded. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** What an answer means; `unknown` has the verdict `unknown`. */
export interface Judgement {
  readonly status: 'known' | 'unknown';
  readonly verdict: Verdict;
  readonly score: number | null;
  readonly summary: string;
  readonly link?: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface ProviderDefinition<Name extends string = string, Answer = unknown> {
  readonly name: Name;
  readonly entityTypes: readonly SubjectType[];
  /** Of those types, what it can be asked about; everything, without it. */
  accepts?(subject: Subject): boolean;
  readonly reliability: Reliability;
  /** Its origin; null where every customer has its own. */
  readonly baseUrl: string | null;
  /** Other origins that it may send a request on to. */
  readonly redirectsTo?: readonly string[];
  readonly access: Access;
  readonly limits: Limits;
  readonly timeoutMs: number;
  /** How long an answer is believed. */
  readonly ttlS: Readonly<Record<Verdict, number>>;
  request(subject: Subject, key: string): ProviderRequest;
  /** The body of a 404 by which it says that it has never heard of something, undefined where that is empty. */
  readonly notFound?: z.ZodType;
  readonly response: z.ZodType<Answer>;
  readonly judge: (answer: Answer, subject: Subject, now: Date) => Judgement;
}

/** With the type of its answers forgotten, as the engine holds them. */
export type Provider<Name extends string = string> = Omit<ProviderDefinition<Name>, 'response' | 'judge'> & {
  /** Throws a ZodError for an answer of another shape. */
  read(body: unknown, subject: Subject, now: Date): Judgement;
};

/** Declares a provider of intelligence: everything about it is in this one object. */
export const defineProvider = <const Name extends string, Answer>(
  definition: ProviderDefinition<Name, Answer>,
): Provider<Name> => {
  const { response, judge, ...rest } = definition;
  return { ...rest, read: (body, subject, now) => judge(response.parse(body), subject, now) };
};

/** The judgement of what a provider has never heard of. */
export const neverHeardOf = (summary: string): Judgement => ({
  status: 'unknown',
  verdict: 'unknown',
  score: null,
  summary,
  evidence: {},
});
