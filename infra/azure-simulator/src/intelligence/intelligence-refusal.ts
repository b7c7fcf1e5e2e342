import type { Reply } from '../http-routes.ts';
import { PROVIDER_NAMES, targetOf } from './provider-names.ts';
import { providers } from './providers.ts';
import type { SimulatedProvider } from './simulated-provider.ts';

const BY_TARGET: ReadonlyMap<string, SimulatedProvider> = new Map(
  PROVIDER_NAMES.map((name) => [targetOf(name), providers[name]]),
);

export const isIntelligence = (target: string): boolean => BY_TARGET.has(target);

/** In the words of the provider: its quota is spent, it fails, its key is good no more. */
export function intelligenceRefusal(target: string, kind: string, retryAfterS: number): Reply | undefined {
  const provider = BY_TARGET.get(target);
  if (kind === '429') {
    return { status: 429, headers: { 'retry-after': String(retryAfterS) }, body: provider?.tooMany ?? {} };
  }
  if (kind === '500') return { status: 500, body: { error: 'Internal Server Error' } };
  return kind === 'expired' ? provider?.credential?.wrong : undefined;
}
