import { createHmac } from 'node:crypto';
import type { Tenant } from '../tenant.ts';
import { PROVIDER_NAMES, type ProviderName } from './provider-names.ts';
import { providers } from './providers.ts';

/** Where a provider is and what opens it. */
export interface IntelligenceAccess {
  readonly provider: ProviderName;
  /** Stands for the real one's origin. */
  readonly url: string;
  /** Null where there are no keys. */
  readonly api_key: string | null;
}

/** URLhaus, MalwareBazaar and ThreatFox have one key between them. */
const OWNERS: Partial<Record<ProviderName, string>> = {
  urlhaus: 'abuse.ch',
  malwarebazaar: 'abuse.ch',
  threatfox: 'abuse.ch',
};

export function intelligenceKey({ seed }: Tenant, provider: ProviderName): string | null {
  if (!providers[provider].credential) return null;
  const owner = OWNERS[provider] ?? provider;
  return createHmac('sha256', seed).update(`intelligence ${owner}`).digest('hex');
}

export const pathOf = (provider: ProviderName): string => `/ti/${provider}`;

export const intelligenceAccess = (tenant: Tenant, simulatorUrl: string): readonly IntelligenceAccess[] =>
  PROVIDER_NAMES.map((provider) => ({
    provider,
    url: `${simulatorUrl}${pathOf(provider)}`,
    api_key: intelligenceKey(tenant, provider),
  }));
