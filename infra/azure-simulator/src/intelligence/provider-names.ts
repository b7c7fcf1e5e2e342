export const PROVIDER_NAMES = [
  'virustotal',
  'abuseipdb',
  'greynoise',
  'internetdb',
  'urlscan',
  'otx',
  'urlhaus',
  'malwarebazaar',
  'threatfox',
  'hashlookup',
  'rdap',
  'misp',
] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What faults and the log of requests call a provider. */
export type IntelligenceTarget = `ti:${ProviderName}`;

/** The provider whose path it is, or would be. */
export const providerOf = (path: string): string | undefined =>
  /^\/ti\/([^/]+)/i.exec(path)?.[1]?.toLowerCase();

export const targetOf = (name: ProviderName): IntelligenceTarget => `ti:${name}`;
