import { bench } from './commands/bench.ts';
import { start } from './commands/start.ts';
import { test } from './commands/test.ts';
import { verify } from './commands/verify.ts';
import { type Counts, summaryLine } from './jest-summary.ts';
import { explain, LaunchError } from './launch-error.ts';
import { parseTestOptions } from './options.ts';
import { terminal } from './progress.ts';
import { listenForStop } from './stop-signals.ts';

const STOPPED = 130;
const console = terminal();
const stop = listenForStop();
const FORCED_EXIT_AFTER_MS = 4_000;
stop.forced.addEventListener('abort', () =>
  setTimeout(() => process.exit(STOPPED), FORCED_EXIT_AFTER_MS).unref(),
);

async function count(counting: Promise<Counts>): Promise<number> {
  const counts = await counting;
  if (stop.wanted.aborted) return STOPPED;
  console.line(`\n${summaryLine(counts)}`);
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}

const commands: Record<string, (args: string[]) => Promise<number> | number> = {
  start: async (args) => {
    await start(args, console, stop);
    return 0;
  },
  test: (args) => count(test(parseTestOptions(args), console, stop)),
  verify: () => count(verify(console, stop)),
  bench: (args) => bench(args, stop),
};

async function main([name = '', ...args]: string[]): Promise<number> {
  const command = commands[name];
  if (!command) throw new LaunchError(`There is no command "${name}": it is start, test, verify or bench.`);
  return command(args);
}

process.exitCode = await main(process.argv.slice(2)).catch((fault: unknown) => {
  if (stop.wanted.aborted) {
    console.line('\nstopped');
    return STOPPED;
  }
  process.stderr.write(`\n✗ ${explain(fault)}\n`);
  return 1;
});
