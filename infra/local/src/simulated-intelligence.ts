import { z } from 'zod';

/** A provider of intelligence as the simulator stands in for it; without a key where the real one has none. */
export const SimulatedProvider = z.object({
  provider: z.string(),
  url: z.string(),
  api_key: z.string().nullable(),
});
export type SimulatedProvider = z.output<typeof SimulatedProvider>;

/** Points the services at the simulated providers, but for those that the caller has set up. */
export function simulatedIntelligence(
  providers: readonly SimulatedProvider[],
  given: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const simulated = providers.filter(({ provider }) => !isGiven(provider.toUpperCase(), given));
  const settings = simulated.flatMap(({ provider, url, api_key }) => {
    const prefix = provider.toUpperCase();
    const access = api_key === null ? [`${prefix}_ENABLED`, 'true'] : [`${prefix}_API_KEY`, api_key];
    return [[`${prefix}_URL`, url], access] as [string, string][];
  });
  const names = simulated.map(({ provider }) => provider).join(',');
  return { ...Object.fromEntries(settings), INTELLIGENCE_SIMULATED: names };
}

const isGiven = (prefix: string, given: NodeJS.ProcessEnv): boolean =>
  ['URL', 'API_KEY', 'ENABLED'].some((setting) => Boolean(given[`${prefix}_${setting}`]));
