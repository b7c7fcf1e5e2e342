import { envFlag, envList } from '@socmate/runtime';
import { z } from 'zod';
import type { ConfiguredProvider } from './intelligence/ask-provider.ts';
import type { Limits, Provider } from './intelligence/define-provider.ts';
import { PROVIDERS } from './providers/providers.ts';

type Name = (typeof PROVIDERS)[number]['name'];

const names = PROVIDERS.map(({ name }) => name) as [Name, ...Name[]];
const prefixes = names.map((name) => name.toUpperCase()) as Uppercase<Name>[];

const perProvider = <Suffix extends string, S extends z.ZodType>(suffix: Suffix, schema: S) =>
  Object.fromEntries(prefixes.map((prefix) => [`${prefix}_${suffix}`, schema])) as Record<
    `${Uppercase<Name>}_${Suffix}`,
    S
  >;

const origin = z.url({ protocol: /^https?$/ });
/** 0 stands for no quota. */
const quota = z.coerce.number().int().min(0).max(1_000_000);

/** What the environment says of providers: a key or a switch, another place, other quotas. */
export const IntelligenceConfig = z.object({
  ...perProvider('API_KEY', z.string().min(1).optional()),
  ...perProvider('ENABLED', envFlag.optional()),
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
  const prefix = provider.name.toUpperCase() as Uppercase<Name>;
  const key = config[`${prefix}_API_KEY`] ?? '';
  const isEnabled = config[`${prefix}_ENABLED`];
  const baseUrl = config[`${prefix}_URL`] ?? provider.baseUrl;
  const isOn = provider.access === 'switch' ? false : key !== '';
  if (baseUrl === null || !(isEnabled ?? isOn)) return undefined;
  if (provider.access === 'key' && key === '') return undefined;
  const isSimulated = config.INTELLIGENCE_SIMULATED.includes(provider.name);
  return { provider, baseUrl, key, limits: limitsOf(provider, config, isSimulated), isSimulated };
}

function limitsOf(
  { name, limits }: Provider<Name>,
  config: IntelligenceConfig,
  isSimulated: boolean,
): Limits {
  const prefix = name.toUpperCase() as Uppercase<Name>;
  const { perMinute, perDay, concurrency } = limits;
  const quotas = isSimulated ? {} : { perMinute, perDay };
  return {
    perMinute: config[`${prefix}_PER_MINUTE`] ?? quotas.perMinute ?? 0,
    perDay: config[`${prefix}_PER_DAY`] ?? quotas.perDay ?? 0,
    concurrency,
  };
}
