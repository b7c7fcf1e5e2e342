import type { Simulator } from '../simulator.ts';
import { type Answer, type Sent, send } from '../test-client.ts';
import type { ProviderName } from './provider-names.ts';

const KEY_HEADERS: Partial<Record<ProviderName, string>> = {
  virustotal: 'x-apikey',
  abuseipdb: 'Key',
  greynoise: 'key',
  urlscan: 'API-Key',
  otx: 'X-OTX-API-KEY',
  urlhaus: 'Auth-Key',
  malwarebazaar: 'Auth-Key',
  threatfox: 'Auth-Key',
  misp: 'Authorization',
};

export const keyOf = (simulator: Simulator, provider: ProviderName): string =>
  simulator.intelligence.find((known) => known.provider === provider)?.api_key ?? '';

export const base64url = (text: string): string => Buffer.from(text).toString('base64url');

export const form = (fields: Record<string, string>): Sent => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

export const json = (body: unknown): Sent => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Asks a provider by the real one's path; with its own key, unless another or none (undefined) is given. */
export function ask(
  simulator: Simulator,
  provider: ProviderName,
  path: string,
  { key = keyOf(simulator, provider), ...sent }: Sent & { readonly key?: string } = {},
): Promise<Answer> {
  const header = KEY_HEADERS[provider];
  const credential = header === undefined || key === '' ? {} : { [header]: key };
  return send(simulator, `/ti/${provider}${path}`, { ...sent, headers: { ...sent.headers, ...credential } });
}
