import { isSensitiveHeader, type WebhookEndpointPatch } from '@socmate/contracts';
import type { EndpointRecord } from '@socmate/database';
import { invalidField } from '@socmate/runtime';

const CREDENTIALS = ['value', 'password', 'client_secret'];

function keepsAuth(stored: EndpointRecord, auth: WebhookEndpointPatch['auth']): boolean {
  if (auth === undefined) return stored.auth_sealed !== null;
  const shown = new Map<string, unknown>(Object.entries(stored.auth_masked));
  const isStored = ([name, value]: [string, unknown]): boolean =>
    CREDENTIALS.includes(name) && shown.get(name) === value;
  return auth.type === shown.get('type') && Object.entries(auth).some(isStored);
}

function keepsHeaders(stored: EndpointRecord, headers: WebhookEndpointPatch['headers']): boolean {
  const kept = Object.entries(headers ?? stored.headers_masked);
  return kept.some(([name, value]) => isSensitiveHeader(name) && stored.headers_masked[name] === value);
}

/** Stored credentials go to no other host than the one that they were given for, as nobody may read them back. */
export function assertGivenAgain(stored: EndpointRecord, { auth, headers }: WebhookEndpointPatch): void {
  if (keepsAuth(stored, auth))
    throw invalidField(
      ['body', 'auth'],
      'is given again, or {"type":"none"}, where the URL goes to another host',
      'missing',
    );
  if (keepsHeaders(stored, headers))
    throw invalidField(
      ['body', 'headers'],
      'is given again with the values of its secret headers, or {}, where the URL goes to another host',
      'missing',
    );
}
