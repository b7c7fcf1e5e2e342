import { errorMessage } from '@socmate/runtime';
import { type Config, parseConfig } from './config.ts';
import { startSimulator } from './simulator.ts';

function stopAsked({ SIMULATOR_STOP_WITH_STDIN }: Config): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    if (!SIMULATOR_STOP_WITH_STDIN) return;
    process.stdin.once('end', resolve).once('close', resolve).once('error', resolve).resume();
  });
}

async function run(): Promise<void> {
  const config = parseConfig(process.argv.slice(2), process.env);
  const stopped = stopAsked(config);
  const simulator = await startSimulator({
    dataDir: config.SIMULATOR_DATA_DIR,
    host: config.SIMULATOR_HOST,
    port: config.SIMULATOR_PORT,
    controlPort: config.SIMULATOR_CONTROL_PORT,
    scenarioDirs: config.SIMULATOR_SCENARIOS,
    recurEveryMs: config.SIMULATOR_RECUR_EVERY_MS,
    generated: { incidents: config.SIMULATOR_INCIDENTS, seed: config.SIMULATOR_SEED },
    latency: config.SIMULATOR_LATENCY,
    isReadQuotaEnforced: config.SIMULATOR_READ_QUOTA,
  });
  const { url, controlUrl, caFile, workspaces, intelligence } = simulator;
  const ready = { ready: true, url, control_url: controlUrl, ca_file: caFile, workspaces, intelligence };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await stopped;
  process.stdin.destroy();
  await simulator.close();
}

await run().catch((fault: unknown) => {
  process.stderr.write(`the Azure simulator did not start: ${errorMessage(fault)}\n`);
  process.exitCode = 1;
});
