import { deliverWebhook, syncProvider } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import {
  createDeliveries,
  createEntities,
  createHeldBack,
  createIncidents,
  createListEntries,
  createSiemProviders,
  createWebhookEndpoints,
  type Deliveries,
  type Entities,
  type HeldBack,
  type Incidents,
  type ListEntries,
  type Pool,
  type SiemProviders,
  type WebhookEndpoints,
} from '@socmate/database';
import { targetPolicy } from '@socmate/egress';
import { startWakeUps } from '@socmate/queue';
import type { Clock, Ids, Lifecycle, Logger } from '@socmate/runtime';
import { azureSettings, checkWorkspace, resolveWorkspace } from '@socmate/sentinel';
import type { Config } from './config.ts';
import { type EnrichmentDeps, openEnrichments } from './enrichment/open-enrichments.ts';
import { type IncidentWriteDeps, openIncidentWrites } from './incident-writes/open-incident-writes.ts';
import { createUpdateIncident, type UpdateIncident } from './incidents/update-incident.ts';
import { createListChanges, type ListChanges } from './lists/list-changes.ts';
import { createEndpointChanges, type EndpointChanges } from './webhooks/endpoint-changes.ts';
import { openWebhookReplays, type WebhookReplayDeps } from './webhooks/open-webhook-replays.ts';
import { createProviderChanges, type ProviderChanges } from './workspaces/provider-changes.ts';
import type { WorkspaceDirectory } from './workspaces/workspace-probe.ts';

/** What the routes of incidents, webhooks and workspaces ask for. */
export interface DomainDeps extends EnrichmentDeps, IncidentWriteDeps, WebhookReplayDeps {
  readonly publicUrl: string;
  readonly incidents: Incidents;
  readonly updateIncident: UpdateIncident;
  readonly entities: Entities;
  readonly lists: ListEntries;
  readonly listChanges: ListChanges;
  readonly providers: SiemProviders;
  readonly providerChanges: ProviderChanges;
  readonly directory: WorkspaceDirectory;
  readonly endpoints: WebhookEndpoints;
  readonly endpointChanges: EndpointChanges;
  readonly deliveries: Deliveries;
  readonly heldBack: HeldBack;
  readonly sealer: Sealer;
}

export interface DomainBase {
  readonly life: Lifecycle;
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly pool: Pool;
}

/** Wake-ups that may be lost: a timer finds the row that they name. */
function openWakeUps({ life, config, log }: DomainBase) {
  const connection = { url: config.REDIS_URL, prefix: config.QUEUE_PREFIX };
  const deliver = startWakeUps(deliverWebhook, connection, log);
  life.use('deliver-webhook', deliver, (one) => one.close());
  const sync = startWakeUps(syncProvider, connection, log);
  life.use('sync-provider', sync, (one) => one.close());
  return {
    endpoint: async (id: string): Promise<void> => void (await deliver.wake({ endpointIds: [id] })),
    provider: async (id: string): Promise<void> => void (await sync.wake({ providerId: id })),
  };
}

/** Azure's clients keep deadlines of their own. */
function openDirectory(config: Config): WorkspaceDirectory {
  const azure = azureSettings(config);
  const never = new AbortController().signal;
  return {
    resolve: (credentials, workspaceId) => resolveWorkspace(azure, credentials, workspaceId, never),
    check: (workspace) => checkWorkspace(azure, workspace, never),
  };
}

export function openDomain(base: DomainBase, sealer: Sealer): DomainDeps {
  const { config, pool } = base;
  const wake = openWakeUps(base);
  const directory = openDirectory(config);
  return {
    publicUrl: config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`,
    incidents: createIncidents(pool),
    updateIncident: createUpdateIncident(base),
    ...openIncidentWrites(base),
    ...openEnrichments(base),
    entities: createEntities(pool),
    lists: createListEntries(pool),
    listChanges: createListChanges(base),
    providers: createSiemProviders(pool),
    providerChanges: createProviderChanges({ ...base, sealer, directory, wake: wake.provider }),
    directory,
    endpoints: createWebhookEndpoints(pool),
    endpointChanges: createEndpointChanges({
      ...base,
      sealer,
      policy: targetPolicy(config),
      wake: wake.endpoint,
    }),
    deliveries: createDeliveries(pool),
    ...openWebhookReplays(base, wake.endpoint),
    heldBack: createHeldBack(pool),
    sealer,
  };
}
