import type { Route } from '@socmate/http';
import { apiKeyRoutes } from './api-keys.ts';
import { auditLogRoutes } from './audit-log.ts';
import { healthRoutes } from './health.ts';
import type { RouteDeps } from './route-deps.ts';

/** Every route of the gateway; what is not here is not served and not documented. */
export const allRoutes = (deps: RouteDeps): Route[] => [
  ...apiKeyRoutes(deps),
  ...auditLogRoutes(deps),
  ...healthRoutes(deps),
];
