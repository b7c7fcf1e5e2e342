import { mkdirSync } from 'node:fs';
import { z } from 'zod';
import { findFreePort } from './free-port.ts';
import { LaunchError } from './launch-error.ts';
import type { ProcessOptions } from './managed-process.ts';
import { type Part, startPart } from './part.ts';
import { nodeArguments, repositoryRoot } from './paths.ts';
import { startUntilLine } from './readiness.ts';
import { Workspace } from './run-file.ts';
import { SimulatedProvider } from './simulated-intelligence.ts';

export interface SimulatorOptions {
  readonly dataFolder: string;
  readonly records: string;
  readonly port?: number;
  readonly controlPort?: number;
  /** Folders of scenarios besides its own. */
  readonly scenarios?: readonly string[];
  /** How often a scenario occurs again; 0 is never. */
  readonly recurEveryMs?: number;
  /** More of the simulator's own flags. */
  readonly flags?: readonly string[];
  readonly onLine?: (line: string) => void;
}

export interface Simulator extends Part {
  readonly url: string;
  readonly controlUrl: string;
  readonly caFile: string;
  readonly workspaces: readonly Workspace[];
  readonly intelligence: readonly SimulatedProvider[];
}

const Ready = z.object({
  ready: z.literal(true),
  url: z.string(),
  control_url: z.string(),
  ca_file: z.string(),
  workspaces: z.array(Workspace),
  intelligence: z.array(SimulatedProvider),
});
type Ready = z.output<typeof Ready>;

/** The simulated Azure tenant, as a process that also stops when its starter goes. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
  const args = await simulatorArguments(options);
  let ready: Ready | undefined;
  const command: ProcessOptions = {
    name: 'simulator',
    command: process.execPath,
    args: [...nodeArguments, 'infra/azure-simulator/src/main.ts', ...args],
    stage: 'simulator',
    records: options.records,
    cwd: repositoryRoot,
    onLine: (line) => {
      const said = parseReady(line);
      if (said) ready = said;
      else options.onLine?.(line);
    },
  };
  const launch = () => startUntilLine(command, (line) => parseReady(line) !== undefined);
  return startPart(launch, () => {
    if (!ready) throw new LaunchError('The simulator did not say where it is.');
    const { url, control_url: controlUrl, ca_file: caFile, workspaces, intelligence } = ready;
    return { url, controlUrl, caFile, workspaces, intelligence };
  });
}

async function simulatorArguments(options: SimulatorOptions): Promise<string[]> {
  const port = await findFreePort(options.port);
  const controlPort = await findFreePort(options.controlPort, new Set([port]));
  return [
    `--data-dir=${options.dataFolder}`,
    `--port=${port}`,
    `--control-port=${controlPort}`,
    `--scenarios=${(options.scenarios ?? []).join(',')}`,
    `--recur-every-ms=${options.recurEveryMs ?? 0}`,
    '--stop-with-stdin',
    ...(options.flags ?? []),
  ];
}

function parseReady(line: string): Ready | undefined {
  if (!line.startsWith('{"ready":')) return undefined;
  return Ready.parse(JSON.parse(line));
}
