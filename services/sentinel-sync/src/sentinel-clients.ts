import { sealContext } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { ProviderConnection } from '@socmate/database';
import {
  type AzureSettings,
  createSentinelClient,
  type SentinelClient,
  type SentinelWorkspace,
} from '@socmate/sentinel';

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
    provider.credential,
    provider.subscriptionId,
    provider.resourceGroup,
    provider.workspaceName,
  ]);

function opened(sealer: Sealer, provider: ProviderConnection): SentinelWorkspace {
  const { id, cloud, tenantId, credential, subscriptionId, resourceGroup, workspaceName } = provider;
  const place = { cloud, tenantId, subscriptionId, resourceGroup, workspaceName };
  const { type: credentialType, clientId } = credential;
  if (credentialType === 'managed_identity') return { ...place, credentialType, clientId };
  if (credentialType === 'secret') {
    const clientSecret = sealer.open(credential.clientSecretSealed, sealContext.clientSecret(id));
    return { ...place, credentialType, clientId, clientSecret };
  }
  const sealed = credential.clientCertificateSealed;
  const clientCertificate = sealer.open(sealed, sealContext.clientCertificate(id));
  return { ...place, credentialType, clientId, clientCertificate };
}

export function createSentinelClients(azure: AzureSettings, sealer: Sealer): SentinelClients {
  const known = new Map<string, Known>();
  return {
    of: (provider) => {
      const version = versionOf(provider);
      const found = known.get(provider.id);
      if (found?.version === version) return found.client;
      const client = createSentinelClient(azure, opened(sealer, provider));
      known.set(provider.id, { version, client });
      return client;
    },
    forget: (providerId) => void known.delete(providerId),
  };
}
