import { z } from 'zod';

const names = z.array(z.string()).nullish().catch([]);

const Sources = z.object({
  properties: z.object({
    relatedAnalyticRuleIds: names,
    additionalData: z.object({ alertProductNames: names }).nullish().catch(null),
  }),
});

/** The rules and the products that an incident came of, as Sentinel sent it. */
export function incidentSources(raw: unknown): { products: string[]; rules: string[] } {
  const { data } = Sources.safeParse(raw);
  return {
    products: data?.properties.additionalData?.alertProductNames ?? [],
    rules: data?.properties.relatedAnalyticRuleIds ?? [],
  };
}
