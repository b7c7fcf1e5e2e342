import { requireApiVersion } from './api-version.ts';
import type { ArmAccess } from './arm.ts';
import type { Call, Reply, Route } from './http-routes.ts';

const PATH =
  '/subscriptions/:subscription/resourceGroups/:group/providers/Microsoft.OperationalInsights/workspaces/:workspace/providers/Microsoft.Authorization/permissions';

/** What the calling application may do on a workspace: one entry for each of its roles. */
export function permissionsRoutes(access: ArmAccess): Route<'permissions'>[] {
  const handle = async (call: Call): Promise<Reply> => {
    const application = await access.authenticate(call);
    requireApiVersion(call);
    access.workspace(call, application, { action: 'Microsoft.Authorization/permissions/read' });
    const value = application.roles.map(({ actions, notActions }) => ({
      actions,
      notActions,
      dataActions: [],
      notDataActions: [],
    }));
    return { status: 200, body: { value } };
  };
  return [{ method: 'GET', path: PATH, kind: 'permissions', handle }];
}
