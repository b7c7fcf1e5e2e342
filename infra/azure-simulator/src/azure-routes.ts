import type { AccessTokens } from './access-tokens.ts';
import { armRoutes, createArmAccess } from './arm.ts';
import type { ControlDeps } from './control.ts';
import { entraRoutes } from './entra.ts';
import type { Route } from './http-routes.ts';
import { managedIdentityRoutes } from './managed-identity.ts';
import { permissionsRoutes } from './permissions.ts';
import { securityInsightsRoutes } from './security-insights.ts';

const ARM_RESOURCES = ['https://management.azure.com', 'https://management.core.windows.net'];
const OTHER_RESOURCES = ['https://api.loganalytics.io'];

const isOwnOrigin = (resource: string, host: string, port: number): boolean =>
  ['127.0.0.1', 'localhost', '[::1]', host].some((name) => resource === `https://${name}:${port}`);

/** All that Azure answers here; clients that were pointed at this server ask for tokens of its own origin. */
export function azureRoutes(
  { tenant, simulated, quota, clock, certificates }: ControlDeps,
  tokens: AccessTokens,
  { host, port }: { readonly host: string; readonly port: () => number },
): Route[] {
  const isArmAudience = (audience: string): boolean =>
    ARM_RESOURCES.includes(audience.replace(/\/$/, '')) || isOwnOrigin(audience, host, port());
  const isResource = (resource: string): boolean =>
    OTHER_RESOURCES.includes(resource) || isArmAudience(resource);
  const arm = { tenant, tokens, workspaces: simulated.workspaces, isArmAudience };
  const access = createArmAccess(arm);
  return [
    ...armRoutes(arm, access),
    ...securityInsightsRoutes({ access, quota, simulated, now: () => clock.now() }),
    ...permissionsRoutes(access),
    ...entraRoutes({ tenant, tokens, clock, isResource, certificates }),
    ...managedIdentityRoutes({ tenant, tokens, clock, isResource }),
  ];
}
