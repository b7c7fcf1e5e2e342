import { parseArgs } from 'node:util';
import { LaunchError } from './launch-error.ts';

export const serviceNames = ['gateway', 'sentinel-sync', 'enrichment', 'investigator', 'notifier'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface StartOptions {
  readonly isFresh: boolean;
  readonly isHelp: boolean;
  /** The gateway's port, where the user insists on one. */
  readonly port?: number;
  /** Folders of scenarios besides the simulator's own. */
  readonly scenarios: readonly string[];
  /** The services to start, `notifier` twice for two replicas. */
  readonly services: readonly ServiceName[];
}

export const startHelp = `npm start -- [options]
  --fresh                 begin with empty data
  --port N                the gateway's port
  --scenarios DIR         add the simulator's scenarios of a folder (may be given again)
  --only a,b              start these services alone (${serviceNames.join(', ')})
  --replicas notifier=2   start more than one of a service (may be given again)
  --no-console-open       only print the URL (the default)
  --help                  this`;

export function parseStartOptions(args: readonly string[]): StartOptions {
  const values = read(args);
  const replicas = new Map(values.replicas.flatMap((list) => list.split(',')).map(parseReplicas));
  const only = values.only === undefined ? serviceNames : values.only.split(',').map(parseServiceName);
  const stray = [...replicas.keys()].find((name) => !only.includes(name));
  if (stray) throw new LaunchError(`--replicas names ${stray}, which --only leaves out.`);
  return {
    isFresh: values.fresh,
    isHelp: values.help,
    scenarios: values.scenarios,
    services: serviceNames
      .filter((name) => only.includes(name))
      .flatMap((name) => Array.from({ length: replicas.get(name) ?? 1 }, () => name)),
    ...(values.port !== undefined && { port: parsePort(values.port) }),
  };
}

export interface TestOptions {
  /** Only the fault tests, with every point. */
  readonly faults: boolean;
  /** Handed to Jest. */
  readonly filter: readonly string[];
}

export const parseTestOptions = (args: readonly string[]): TestOptions => ({
  faults: args[0] === '--faults',
  filter: args.filter((arg, index) => arg !== '--' && !(index === 0 && arg === '--faults')),
});

function read(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string' },
        scenarios: { type: 'string', multiple: true, default: [] },
        only: { type: 'string' },
        replicas: { type: 'string', multiple: true, default: [] },
        'no-console-open': { type: 'boolean', default: true },
      },
    });
    return values;
  } catch (fault) {
    const [reason] = (fault as Error).message.split('. To specify');
    throw new LaunchError(`${reason}. See \`npm start -- --help\`.`.replace('..', '.'));
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new LaunchError(`--port takes a number from 1 to 65535, not "${text}".`);
  return port;
}

function parseServiceName(text: string): ServiceName {
  const name = serviceNames.find((known) => known === text.trim());
  if (name) return name;
  throw new LaunchError(`There is no service "${text}"; there are: ${serviceNames.join(', ')}.`);
}

function parseReplicas(text: string): [ServiceName, number] {
  const [name = '', count = ''] = text.split('=');
  const service = parseServiceName(name);
  if (!/^[1-9]$/.test(count))
    throw new LaunchError(`--replicas takes ${name}=1 to ${name}=9, not "${text}".`);
  if (service === 'gateway' && count !== '1')
    throw new LaunchError('There is one gateway here, because it listens on one port.');
  return [service, Number(count)];
}
