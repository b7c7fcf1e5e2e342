import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { startBenchStores } from '../bench-stores.ts';
import { LaunchError } from '../launch-error.ts';
import { nodeArguments, repositoryRoot } from '../paths.ts';
import { terminal } from '../progress.ts';
import { spawnGroup } from '../spawn-group.ts';
import { stepEnv } from '../step.ts';
import type { StopSignals } from '../stop-signals.ts';

const PROGRAM = 'tests/bench/main.ts';
const FRESH = '--fresh';

const Listed = z.array(z.object({ name: z.string(), about: z.string() }));
type Listed = z.output<typeof Listed>;

/** Runs one benchmark on stores of its own, or says which there are. Standard output holds the result alone. */
export async function bench(args: readonly string[], stop: StopSignals): Promise<number> {
  const [name, ...flags] = args.filter((arg) => arg !== '--');
  const listed = await listBenchmarks(stop.wanted);
  if (name === undefined || args.includes('--help')) {
    process.stdout.write(describe(listed));
    return 0;
  }
  if (!listed.some((known) => known.name === name)) {
    const names = listed.map((known) => known.name).join(', ');
    throw new LaunchError(`There is no benchmark "${name}"; there are: ${names}.`);
  }
  const console = terminal(process.stderr);
  const stores = await startBenchStores({ console, stop, isFresh: flags.includes(FRESH) });
  try {
    const wanted = [name, ...flags.filter((flag) => flag !== FRESH)];
    const child = runProgram(wanted, { signal: stop.wanted, env: stores.env, stdout: 'inherit' });
    return await exitCode(child);
  } finally {
    await stores.close();
  }
}

async function listBenchmarks(signal: AbortSignal): Promise<Listed> {
  const child = runProgram(['--list'], { signal, env: {}, stdout: 'pipe' });
  const [said, code] = await Promise.all([child.stdout ? text(child.stdout) : '', exitCode(child)]);
  if (code !== 0) throw new LaunchError(`${PROGRAM} does not start: what it said is above.`);
  return Listed.parse(JSON.parse(said));
}

function describe(listed: Listed): string {
  const width = Math.max(...listed.map(({ name }) => name.length));
  const lines = listed.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return `Benchmarks, run by \`npm run bench -- NAME\`:\n${lines.join('\n')}\nEach takes --quick, --scenario A,B and --json FILE; ${FRESH} forgets loaded data.\n`;
}

interface Run {
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: 'inherit' | 'pipe';
}

function runProgram(args: readonly string[], { signal, env, stdout }: Run) {
  return spawnGroup(process.execPath, [...nodeArguments, PROGRAM, ...args], {
    cwd: repositoryRoot,
    env: stepEnv(env),
    stdio: ['ignore', stdout, 'inherit'],
    stop: signal,
    records: env['TEST_PROCESS_RECORDS'],
  });
}

async function exitCode(child: ReturnType<typeof runProgram>): Promise<number> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
