import { z } from 'zod';

/** Which of Azure's clouds a tenant lives in. */
export const Cloud = z.enum(['public', 'usgov']).meta({ id: 'Cloud' });
export type Cloud = z.output<typeof Cloud>;

/** Where a cloud's sign-in and resource manager answer. */
export interface AzureEndpoints {
  readonly authorityHost: string;
  readonly resourceManagerUrl: string;
}

/** Addresses that take the place of a cloud's own, for every cloud. They come from the environment alone. */
export type AzureSettings = Partial<AzureEndpoints>;

const httpsUrl = z.url({
  protocol: /^https$/,
  error: 'is an https URL: Azure’s clients send tokens over TLS only',
});

/** What a service that speaks to Azure reads from the environment. */
export const AzureConfig = z.object({
  AZURE_AUTHORITY_HOST: httpsUrl.optional(),
  AZURE_RESOURCE_MANAGER_URL: httpsUrl.optional(),
});

const PRESETS: Record<Cloud, AzureEndpoints> = {
  public: {
    authorityHost: 'https://login.microsoftonline.com',
    resourceManagerUrl: 'https://management.azure.com',
  },
  usgov: {
    authorityHost: 'https://login.microsoftonline.us',
    resourceManagerUrl: 'https://management.usgovcloudapi.net',
  },
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

export function azureSettings(config: z.output<typeof AzureConfig>): AzureSettings {
  return {
    ...(config.AZURE_AUTHORITY_HOST && { authorityHost: withoutSlash(config.AZURE_AUTHORITY_HOST) }),
    ...(config.AZURE_RESOURCE_MANAGER_URL && {
      resourceManagerUrl: withoutSlash(config.AZURE_RESOURCE_MANAGER_URL),
    }),
  };
}

export const endpointsOf = (azure: AzureSettings, cloud: Cloud): AzureEndpoints => ({
  ...PRESETS[cloud],
  ...azure,
});
