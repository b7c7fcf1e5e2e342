import { envFlag, envList } from '@socmate/runtime';
import { z } from 'zod';
import type { ConfiguredProvider } from './intelligence/ask-provider.ts';
import type { Limits, Provider } from './intelligence/define-provider.ts';
import { PROVIDERS } from './providers/providers.ts';

type Name = (typeof PROVIDERS)[number]['name'];

const names = PROVIDERS.map(({ name }) => name) as [Name, ...Name[]];

type Prefix = Uppercase<Name>;
const prefixOf = ({ name }: Provider<Name>): Prefix => name.toUpperCase() as Prefix;

// A variable that a provider has no use for is missing, which is what an optional one may be.
const perProvider = <Suffix extends string, S extends z.ZodOptional>(
  suffix: Suffix,
  schema: S,
  isFor: (provider: Provider<Name>) => boolean = () => true,
) =>
  Object.fromEntries(
    PROVIDERS.filter(isFor).map((provider) => [`${prefixOf(provider)}_${suffix}`, schema]),
  ) as Record<`${Prefix}_${Suffix}`, S>;

const origin = z.url({ protocol: /^https?$/ });
/** 0 stands for no quota. */
const quota = z.coerce.number().int().min(0).max(1_000_000);

/** What the environment says of providers: a key or a switch, another place, other quotas. */
export const IntelligenceConfig = z.object({
  ...perProvider('API_KEY', z.string().min(1).optional(), ({ access }) => access !== 'switch'),
  ...perProvider('ENABLED', envFlag.optional(), ({ access }) => access !== 'key'),
  ...perProvider('URL', origin.optional()),
  ...perProvider('PER_MINUTE', quota.optional()),
  ...perProvider('PER_DAY', quota.optional()),
  /** The providers in whose place the simulator answers: their observations say so, and their quotas do not hold. */
  INTELLIGENCE_SIMULATED: envList.pipe(z.array(z.enum(names))).default([]),
});
export type IntelligenceConfig = z.output<typeof IntelligenceConfig>;

/** The providers that are on, in their order: those with a key, and the free ones that are switched on. */
export function configuredProviders(config: IntelligenceConfig): ConfiguredProvider[] {
  return PROVIDERS.flatMap((provider) => configured(provider, config) ?? []);
}

function configured(provider: Provider<Name>, config: IntelligenceConfig): ConfiguredProvider | undefined {
  const prefix = prefixOf(provider);
  const key = config[`${prefix}_API_KEY`] ?? '';
  const isOn = config[`${prefix}_ENABLED`] ?? key !== '';
  const baseUrl = config[`${prefix}_URL`] ?? provider.baseUrl;
  if (!isOn || baseUrl === null) return undefined;
  const isSimulated = config.INTELLIGENCE_SIMULATED.includes(provider.name);
  return { provider, baseUrl, key, limits: limitsOf(provider, config, isSimulated), isSimulated };
}

function limitsOf(provider: Provider<Name>, config: IntelligenceConfig, isSimulated: boolean): Limits {
  const prefix = prefixOf(provider);
  const { concurrency, ...free } = provider.limits;
  const { perMinute = 0, perDay = 0 } = isSimulated ? {} : free;
  return {
    perMinute: config[`${prefix}_PER_MINUTE`] ?? perMinute,
    perDay: config[`${prefix}_PER_DAY`] ?? perDay,
    concurrency,
  };
}
