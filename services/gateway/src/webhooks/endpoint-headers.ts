import { EndpointHeaders, isSensitiveHeader, sealContext } from '@socmate/contracts';
import { maskSecret, type Sealer } from '@socmate/crypto';
import type { EndpointChange, EndpointRecord } from '@socmate/database';
import { assertSecret } from './assert-secret.ts';

const mapValues = (
  headers: EndpointHeaders,
  change: (name: string, value: string) => string,
): EndpointHeaders =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, change(name, value)]));

const masked = (headers: EndpointHeaders): EndpointHeaders =>
  mapValues(headers, (_name, value) => maskSecret(value));

/** An endpoint's headers as they are sent. */
function openHeaders(sealer: Sealer, { id, headers_sealed }: EndpointRecord): EndpointHeaders {
  if (headers_sealed === null) return {};
  return EndpointHeaders.parse(JSON.parse(sealer.open(headers_sealed, sealContext.webhookHeaders(id))));
}

/** As they are shown: a sensitive value to nobody, others to those who may write endpoints. */
export function shownHeaders(sealer: Sealer, endpoint: EndpointRecord, mayWrite: boolean): EndpointHeaders {
  if (!mayWrite) return endpoint.headers_masked;
  return mapValues(openHeaders(sealer, endpoint), (name, value) =>
    isSensitiveHeader(name) ? maskSecret(value) : value,
  );
}

export function headerColumns(sealer: Sealer, id: string, headers: EndpointHeaders): EndpointChange {
  const hasSome = Object.keys(headers).length > 0;
  for (const [name, value] of Object.entries(headers)) assertSecret(value, ['body', 'headers', name]);
  return {
    headers_sealed: hasSome ? sealer.seal(JSON.stringify(headers), sealContext.webhookHeaders(id)) : null,
    headers_masked: masked(headers),
  };
}

/** A value that came back as it is shown stands for the stored one; what is stored is opened only for that. */
export function patchedHeaders(
  sealer: Sealer,
  stored: EndpointRecord,
  patch: EndpointHeaders,
): EndpointHeaders {
  const isShown = (name: string, value: string): boolean => stored.headers_masked[name] === value;
  if (!Object.entries(patch).some(([name, value]) => isShown(name, value))) return patch;
  const kept = openHeaders(sealer, stored);
  return mapValues(patch, (name, value) => (isShown(name, value) ? (kept[name] ?? value) : value));
}
