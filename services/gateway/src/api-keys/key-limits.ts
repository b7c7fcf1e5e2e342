import type { Principal } from '@socmate/http';
import { AppError } from '@socmate/runtime';

/** Whether a key of these workspaces opens nothing that the principal may not open; empty means all of them. */
export const isWithinLimits = (given: readonly string[], { providers }: Principal): boolean =>
  providers.length === 0 || (given.length > 0 && given.every((id) => providers.includes(id)));

/** The workspaces that a principal may give a key: its own, unless it names fewer. */
export function limitedTo(wanted: readonly string[], principal: Principal): readonly string[] {
  const given = wanted.length > 0 ? wanted : principal.providers;
  if (isWithinLimits(given, principal)) return given;
  throw new AppError('forbidden', 'a key that is limited to workspaces gives access to no others');
}
