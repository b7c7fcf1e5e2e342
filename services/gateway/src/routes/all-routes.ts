import type { Route } from '@socmate/http';
import { apiKeyRoutes } from './api-keys.ts';
import { auditLogRoutes } from './audit-log.ts';
import { enrichmentRoutes } from './enrichment-routes.ts';
import { graphRoutes } from './graph-routes.ts';
import { healthRoutes } from './health.ts';
import { incidentWriteRoutes } from './incident-writes.ts';
import { incidentRoutes } from './incidents.ts';
import { listRoutes } from './lists.ts';
import type { RouteDeps } from './route-deps.ts';
import { siemProviderRoutes } from './siem-providers.ts';
import { webhookDeliveryRoutes } from './webhook-deliveries.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';
import { webhookEventRoutes } from './webhook-events.ts';
import { webhookRecoveryRoutes } from './webhook-recoveries.ts';

/** Every route of the gateway; what is not here is not served and not documented. */
export const allRoutes = (deps: RouteDeps): Route[] => [
  ...incidentRoutes(deps),
  ...incidentWriteRoutes(deps),
  ...enrichmentRoutes(deps),
  ...graphRoutes(deps),
  ...webhookEndpointRoutes(deps),
  ...webhookEventRoutes(deps),
  ...webhookDeliveryRoutes(deps),
  ...webhookRecoveryRoutes(deps),
  ...siemProviderRoutes(deps),
  ...listRoutes(deps),
  ...apiKeyRoutes(deps),
  ...auditLogRoutes(deps),
  ...healthRoutes(deps),
];
