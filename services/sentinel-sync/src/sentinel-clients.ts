import { sealContext } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { ProviderConnection } from '@socmate/database';
import { type AzureSettings, createSentinelClient, type SentinelClient } from '@socmate/sentinel';

/** One client per workspace, so that its access token is asked for once; a new one when the connection changed. */
export interface SentinelClients {
  of(provider: ProviderConnection): SentinelClient;
  /** The next call signs in again: the token may have been refused. */
  forget(providerId: string): void;
}

interface Known {
  readonly version: string;
  readonly client: SentinelClient;
}

const versionOf = (provider: ProviderConnection): string =>
  JSON.stringify([
    provider.cloud,
    provider.tenantId,
    provider.clientId,
    provider.clientSecretSealed,
    provider.subscriptionId,
    provider.resourceGroup,
    provider.workspaceName,
  ]);

export function createSentinelClients(azure: AzureSettings, sealer: Sealer): SentinelClients {
  const known = new Map<string, Known>();
  return {
    of: (provider) => {
      const version = versionOf(provider);
      const found = known.get(provider.id);
      if (found?.version === version) return found.client;
      const clientSecret = sealer.open(provider.clientSecretSealed, sealContext.clientSecret(provider.id));
      const client = createSentinelClient(azure, { ...provider, credentialType: 'secret', clientSecret });
      known.set(provider.id, { version, client });
      return client;
    },
    forget: (providerId) => void known.delete(providerId),
  };
}
