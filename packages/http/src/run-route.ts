import { createHash } from 'node:crypto';
import type { Scope } from '@socmate/contracts';
import { AppError, invalidField } from '@socmate/runtime';
import type { Route } from './define-route.ts';
import { entityTag } from './entity-tag.ts';
import type { Answer } from './gate.ts';
import type { ParsedInput, RawInput } from './parse-input.ts';
import type { Principal } from './principal.ts';
import { Reply } from './reply.ts';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** Refuses a principal that holds none of the scopes that open a route. */
export function assertScope(scope: Scope | readonly Scope[], principal: Principal): void {
  const opening = typeof scope === 'string' ? [scope] : scope;
  if (opening.some((one) => principal.scopes.includes(one))) return;
  const needed = opening.map((one) => `'${one}'`).join(' or ');
  throw new AppError('forbidden', `this needs the scope ${needed}`);
}

/** The header's value where the route takes one and the caller sent one. */
export function idempotencyKeyOf(route: Route, header: string | undefined): string | undefined {
  if (!route.idempotent || header === undefined) return undefined;
  if (IDEMPOTENCY_KEY.test(header)) return header;
  throw invalidField(
    ['header', 'Idempotency-Key'],
    'must be 1 to 255 visible ASCII characters',
    'invalid_format',
  );
}

export const hashRequest = (method: string, url: string, { body }: RawInput): string =>
  createHash('sha256')
    .update(`${method} ${url}\n${JSON.stringify(body) ?? ''}`)
    .digest('base64url');

/** The answer as JSON text, holding only what the route's response type names. */
export function renderAnswer(route: Route, result: unknown, ignored: readonly string[]): Answer {
  const given = result instanceof Reply ? result : new Reply(result, {});
  const isEmpty = route.response === undefined;
  const content = route.response?.parse(given.body);
  const warning = ignored.length > 0 && { warning: `299 - "ignored unknown fields: ${quotable(ignored)}"` };
  return {
    status: given.status ?? route.status ?? (isEmpty ? 204 : 200),
    headers: {
      ...given.headers,
      ...warning,
      ...(route.etag && { etag: entityTag(JSON.stringify(route.etag(content))) }),
    },
    body: isEmpty ? undefined : JSON.stringify(content),
  };
}

const quotable = (names: readonly string[]): string =>
  names
    .map((name) => name.replaceAll(/[^\w.-]/g, '?').slice(0, 64))
    .slice(0, 20)
    .join(', ');

export type Parse = (raw: RawInput) => ParsedInput;
