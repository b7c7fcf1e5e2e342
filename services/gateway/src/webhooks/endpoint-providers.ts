import type { SiemProviders } from '@socmate/database';
import { invalidField } from '@socmate/runtime';

/**
 * The workspaces' names that an endpoint is to keep. A caller who sees only some workspaces gets an endpoint for
 * these at most: what it may not read, it may not have sent to it either.
 */
export async function endpointProviders(
  providers: Pick<SiemProviders, 'resolve'>,
  visible: readonly string[] | undefined,
  given: readonly string[] | null,
): Promise<string[] | null> {
  if (given === null) return visible ? [...visible] : null;
  const named = await Promise.all(given.map((ref) => providers.resolve(ref)));
  const names = named.map((found, index) => {
    const name = found.find((provider) => visible?.includes(provider.name) ?? true)?.name;
    if (name === undefined)
      throw invalidField(['body', 'providers', index], 'names no connected workspace', 'unknown_provider');
    return name;
  });
  return [...new Set(names)];
}
