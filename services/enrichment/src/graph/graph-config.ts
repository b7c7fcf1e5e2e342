import { z } from 'zod';

/** Where the knowledge graph is; without an address its changes wait. */
export const GraphConfig = z.object({
  NEO4J_URI: z.url().optional(),
  NEO4J_USER: z.string().default('neo4j'),
  NEO4J_PASSWORD: z.string().default(''),
});
export type GraphConfig = z.output<typeof GraphConfig>;
