import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FOLDER = join(import.meta.dirname, '../../infra/azure-simulator/scenarios');

const Scenario = z.object({
  id: z.string(),
  title: z.string(),
  incident: z.looseObject({ severity: z.string(), title: z.string().optional() }),
  expected: z.object({
    verdict: z.enum(['malicious', 'suspicious', 'benign']),
    techniques: z.array(z.string()),
    entities: z.array(z.object({ type: z.string(), value: z.string(), verdict: z.string().optional() })),
  }),
});
export type Scenario = z.output<typeof Scenario>;

/** What ships with the simulator, and what is to be expected of each. */
export const simulatedScenarios = (): Scenario[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => Scenario.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))));
