import type { Call, Reply, Route } from '../http-routes.ts';
import type { Tenant } from '../tenant.ts';
import { parseIndicator } from './indicator.ts';
import type { KnownIntelligence } from './intelligence.ts';
import { intelligenceKey, pathOf } from './intelligence-keys.ts';
import { type IntelligenceTarget, PROVIDER_NAMES, targetOf } from './provider-names.ts';
import { providers } from './providers.ts';
import type { Endpoint, SimulatedProvider } from './simulated-provider.ts';

export interface IntelligenceDeps {
  readonly tenant: Tenant;
  readonly intelligence: KnownIntelligence;
}

function keyRefusal({ name, credential }: SimulatedProvider, tenant: Tenant, call: Call): Reply | undefined {
  if (!credential) return undefined;
  const given = [call.headers[credential.header]].flat()[0];
  if (given === undefined || given === '') return credential.isOptional ? undefined : credential.missing;
  return given === intelligenceKey(tenant, name) ? undefined : credential.wrong;
}

function answer(
  provider: SimulatedProvider,
  endpoint: Endpoint,
  { tenant, intelligence }: IntelligenceDeps,
): (call: Call) => Reply {
  return (call) => {
    const refusal = keyRefusal(provider, tenant, call);
    if (refusal) return refusal;
    const asked = endpoint.asked(call);
    const indicator = asked === undefined ? undefined : parseIndicator(asked);
    if (!indicator || !provider.kinds.includes(indicator.kind)) return provider.invalid(asked, call);
    const known = intelligence.answerOf(provider.name, indicator.value);
    return known ? provider.known(indicator, known, call) : provider.unknown(indicator, call);
  };
}

/** The providers of intelligence, each below `/ti/<provider>`, where its own paths begin. */
export const intelligenceRoutes = (deps: IntelligenceDeps): Route<IntelligenceTarget>[] =>
  PROVIDER_NAMES.flatMap((name) =>
    providers[name].endpoints.flatMap((endpoint) =>
      ['', '/'].map((end) => ({
        method: endpoint.method,
        path: `${pathOf(name)}${endpoint.path}${end}`,
        kind: targetOf(name),
        handle: answer(providers[name], endpoint, deps),
      })),
    ),
  );
