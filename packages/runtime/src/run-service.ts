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
    process.stderr.write(`${describe(fault)}\n`);
    process.exitCode = 1;
  });
  if (!service) return;
  const signal = await stopped;
  service.log.info({ signal }, 'stopping');
  const cutShort = setTimeout(() => {
    service.log.error({ graceMs }, 'still closing after the grace, exiting');
    process.exit(1);
  }, graceMs);
  try {
    await service.close();
    service.log.info('stopped');
  } catch (err) {
    service.log.error({ err }, 'stopped with faults');
    process.exitCode = 1;
  } finally {
    // From here on it only ends a process that something left open keeps alive.
    cutShort.unref();
  }
}

/** The stack with its causes and parts. Not `inspect`: other fields of an error may hold secrets. */
function describe(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  const parts = fault instanceof AggregateError ? fault.errors : [];
  const causes = fault.cause === undefined || parts.includes(fault.cause) ? [] : [fault.cause];
  const because = [...parts, ...causes].map((cause) => `caused by: ${describe(cause)}`);
  return [fault.stack ?? fault.message, ...because].join('\n');
}
