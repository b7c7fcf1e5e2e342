import { z } from 'zod';
import type { Call, Reply } from '../http-routes.ts';
import type { Indicator, IndicatorKind } from './indicator.ts';
import type { ProviderName } from './provider-names.ts';

/** What a provider says of an indicator, without its envelope. */
export type Answer = Readonly<Record<string, unknown>>;

export interface Credential {
  /** In lower case. */
  readonly header: string;
  /** Without a key it answers all the same, but never with a wrong one. */
  readonly isOptional?: boolean;
  readonly missing: Reply;
  readonly wrong: Reply;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** All of the real path; a slash at its end may be there or not. */
  readonly path: string;
  /** What is asked about, as it was written; undefined where the request does not say. */
  readonly asked: (call: Call) => string | undefined;
}

export interface SimulatedProvider {
  readonly name: ProviderName;
  readonly kinds: readonly IndicatorKind[];
  readonly credential?: Credential;
  /** What a scenario may give; a field that is left out gets a plausible value. */
  readonly answer: z.ZodType<Answer>;
  /** How it writes the times that a scenario gives as durations. */
  readonly time: (time: Date) => string | number;
  readonly endpoints: readonly Endpoint[];
  readonly known: (indicator: Indicator, answer: Answer, call: Call) => Reply;
  readonly unknown: (indicator: Indicator, call: Call) => Reply;
  /** Asked about what it has no answer for: a word as an address, nothing at all. */
  readonly invalid: (asked: string | undefined, call: Call) => Reply;
  /** The body of its 429. */
  readonly tooMany: Answer;
}

export const count = z.int().min(0);
export const percent = z.number().min(0).max(100);
export const texts = z.array(z.string());

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** `2026-04-11T08:30:00+00:00` */
export const isoTime = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, '+00:00');
/** `2026-04-11` */
export const day = (time: Date): string => time.toISOString().slice(0, 10);
/** `2026-04-11 08:30:00` */
export const plainTime = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');
export const epochSeconds = (time: Date): number => Math.floor(time.getTime() / 1_000);

export function readJson(call: Call): Answer {
  try {
    const body: unknown = JSON.parse(call.body);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Answer) : {};
  } catch {
    return {};
  }
}

/** The fields of a form, url-encoded or in parts. */
export function readForm(call: Call): ReadonlyMap<string, string> {
  const boundary = /boundary="?([^";]+)/.exec(call.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return new Map(new URLSearchParams(call.body));
  const parts = call.body.split(`--${boundary}`).flatMap((part): [string, string][] => {
    const [, name, value] = /name="([^"]*)"[^\r\n]*\r?\n\r?\n([\s\S]*?)\r?\n$/.exec(part) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  return new Map(parts);
}

export const isText = (value: unknown): value is string => typeof value === 'string';

/** The objects among the items of a list. */
export const objectsIn = (value: unknown): Answer[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
