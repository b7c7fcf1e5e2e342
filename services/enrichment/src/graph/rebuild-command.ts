import { createGraphChanges, createGraphSource, createServicePool } from '@socmate/database';
import { createGraph } from '@socmate/knowledge-graph';
import { CommonConfig, createLogger, errorMessage, parseEnv } from '@socmate/runtime';
import { GraphConfig } from './graph-config.ts';
import { rebuildGraph } from './rebuild-graph.ts';

const Config = CommonConfig.pick({ DATABASE_URL: true, DATABASE_POOL_SIZE: true }).extend(GraphConfig.shape);

const write = (text: string): void => void process.stderr.write(text);

async function run(): Promise<void> {
  const config = parseEnv(Config, process.env);
  const { NEO4J_URI: uri, NEO4J_USER: user, NEO4J_PASSWORD: password } = config;
  if (uri === undefined) throw new Error('NEO4J_URI is not set: there is no graph to rebuild');
  const pool = createServicePool('graph-rebuild', config, createLogger('graph-rebuild', 'warn'));
  const graph = createGraph({ uri, user, password });
  try {
    const deps = { changes: createGraphChanges(pool), source: createGraphSource(pool), graph };
    const began = performance.now();
    const done = await rebuildGraph(deps, ({ incidents, entities }) =>
      write(`\r${incidents} incidents, ${entities} entities`),
    );
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    write(`\rrebuilt in ${seconds} s: ${done.incidents} incidents, ${done.entities} entities\n`);
  } finally {
    await graph.close();
    await pool.end();
  }
}

await run().catch((fault: unknown) => {
  write(`\n✗ ${errorMessage(fault)}\n`);
  process.exitCode = 1;
});
