import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { startProcess } from './managed-process.ts';
import type { ServiceName } from './options.ts';
import { type Part, startPart } from './part.ts';
import { localFolder, nodeArguments, repositoryRoot } from './paths.ts';
import { untilAnswers } from './readiness.ts';

export interface ServiceOptions {
  readonly service: ServiceName;
  /** What tells replicas apart; otherwise the service's name. */
  readonly name?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly records: string;
  /** The public port of the gateway, the health port of the others. */
  readonly port?: number;
  readonly onLine?: (line: string) => void;
}

export interface Service extends Part {
  readonly url: string;
  readonly healthUrl: string;
}

// What a service keeps fits in a tenth of this; without a bound V8 puts off collecting where the machine has much memory.
const heap = ['--max-old-space-size=384', '--max-semi-space-size=8', '--initial-old-space-size=64'];
// Code of V8's middle compiler keeps much of what died young until a full collection, and those come twice as often with it.
const compiler = ['--no-maglev'];
// Every further arena of the allocator keeps memory for itself.
const allocator = { MALLOC_ARENA_MAX: '2' };
// Types are stripped once: a start takes half as long, and the stripper's memory is not kept.
const compiled = { NODE_COMPILE_CACHE: join(localFolder(), 'cache', 'compiled') };

/** One service of the workspace on 127.0.0.1, from its sources; resolves when it is ready to work. */
export async function startService({
  service,
  name = service,
  records,
  ...options
}: ServiceOptions): Promise<Service> {
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  const healthUrl = `${url}/health/ready`;
  const listen =
    service === 'gateway'
      ? { HOST: '127.0.0.1', PORT: String(port) }
      : { HEALTH_HOST: '127.0.0.1', HEALTH_PORT: String(port) };
  const folder = join(repositoryRoot, 'services', service);
  const telemetry = ['--import', '@socmate/runtime/telemetry'];
  const launch = async () => {
    const running = await startProcess({
      name,
      command: process.execPath,
      args: [...nodeArguments, ...heap, ...compiler, ...telemetry, join(folder, 'src/main.ts')],
      stage: 'service',
      records,
      cwd: folder,
      env: { OTEL_SERVICE_NAME: service, ...allocator, ...compiled, ...options.env, ...listen },
      ...(options.onLine && { onLine: options.onLine }),
    });
    await untilAnswers(running, healthUrl);
    return running;
  };
  return startPart(launch, () => ({ url, healthUrl }));
}
