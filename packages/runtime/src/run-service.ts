import type { Running } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/**
 * Runs a service until SIGINT or SIGTERM, then closes it; a close that outlives the grace is cut short.
 * A service that cannot start says why and exits with 1.
 */
export async function runService(
  start: () => Promise<Running & { readonly log: Logger }>,
  { graceMs = 25_000 } = {},
): Promise<void> {
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
  });
  const service = await start().catch((fault: unknown) => {
    process.stderr.write(`${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`);
    process.exitCode = 1;
  });
  if (!service) return;
  const signal = await stopped;
  service.log.info({ signal }, 'stopping');
  const cutShort = setTimeout(() => {
    service.log.error({ graceMs }, 'still closing after the grace, exiting');
    process.exit(1);
  }, graceMs);
  cutShort.unref();
  try {
    await service.close();
    service.log.info('stopped');
  } catch (err) {
    service.log.error({ err }, 'stopped with faults');
    process.exitCode = 1;
  }
}
