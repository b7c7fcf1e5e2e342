import type { ProviderView, SiemProviders } from '@socmate/database';
import type { Principal } from '@socmate/http';
import { invalidField } from '@socmate/runtime';

/** The workspaces that a principal may see; undefined is all of them. */
export const visibleProviders = ({ providers }: Principal): ProviderView =>
  providers.length > 0 ? providers : undefined;

/** Their names, as webhook endpoints hold them; undefined is all of them. */
export async function visibleNames(
  providers: Pick<SiemProviders, 'namesOf'>,
  principal: Principal,
): Promise<readonly string[] | undefined> {
  const view = visibleProviders(principal);
  return view && providers.namesOf(view);
}

/** The ids that a query's `provider` names, of those that the principal may see. */
export async function namedProviders(
  providers: Pick<SiemProviders, 'resolve'>,
  principal: Principal,
  ref: string | undefined,
): Promise<ProviderView> {
  const view = visibleProviders(principal);
  if (ref === undefined) return view;
  const named = await providers.resolve(ref);
  return named.map(({ id }) => id).filter((id) => view?.includes(id) ?? true);
}

/** The same for a list, which must not be taken for an empty one where the name is wrong. */
export async function listedProviders(
  providers: Pick<SiemProviders, 'resolve'>,
  principal: Principal,
  ref: string | undefined,
): Promise<ProviderView> {
  const named = await namedProviders(providers, principal, ref);
  if (ref !== undefined && ref.toLowerCase() !== 'sentinel' && named?.length === 0)
    throw invalidField(['query', 'provider'], 'names no workspace', 'unknown_provider');
  return named;
}
