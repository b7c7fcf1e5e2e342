import { z } from 'zod';
import { type ArmReaderDeps, createArmReader } from './arm-reader.ts';
import { attempting } from './attempting.ts';
import { azureFault } from './azure-faults.ts';
import type { SentinelWorkspace } from './workspace.ts';

const patterns = z
  .array(z.string())
  .nullish()
  .transform((given) => given ?? []);
const Permission = z.object({ actions: patterns, notActions: patterns });
const Permissions = z.object({ value: z.array(Permission), nextLink: z.string().nullish() });

/** One role's: what it allows, and what it takes out of that again. */
export type Permission = z.output<typeof Permission>;

function matches(pattern: string, action: string): boolean {
  const literal = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 'is').test(action);
}

/** Whether one of the roles allows it; `notActions` are no denial: they take out of their own role alone. */
export const isAllowed = (permissions: readonly Permission[], action: string): boolean =>
  permissions.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matches(pattern, action)) &&
      !notActions.some((pattern) => matches(pattern, action)),
  );

/** What the application may do on a workspace, all its role assignments together. */
export async function readPermissions(
  workspace: SentinelWorkspace,
  deps: ArmReaderDeps,
): Promise<readonly Permission[]> {
  const { subscriptionId, resourceGroup, workspaceName } = workspace;
  const parts = [
    subscriptionId,
    'resourceGroups',
    resourceGroup,
    'providers',
    'Microsoft.OperationalInsights',
  ];
  const place = [...parts, 'workspaces', workspaceName].map(encodeURIComponent).join('/');
  const path = `/subscriptions/${place}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  const attempted = attempting(workspace, 'reading the permissions');
  const found: Permission[] = [];
  try {
    const reader = createArmReader(deps);
    for await (const { value } of reader.pages({ path, schema: Permissions }, attempted))
      found.push(...value);
    return found;
  } catch (fault) {
    throw deps.signal.aborted ? fault : azureFault(attempted, fault);
  }
}
