import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../launch-error.ts';
import { repositoryRoot } from '../paths.ts';
import type { Console } from '../progress.ts';

/** Says which benchmarks there are: each is a file or folder of `tests/bench`. */
export function bench(args: readonly string[], console: Console): void {
  const names = benchNames();
  const [name] = args;
  if (name === undefined || name.startsWith('-'))
    return console.line(
      names.length === 0 ? 'There are no benchmarks yet.' : `Benchmarks: ${names.join(', ')}`,
    );
  throw new LaunchError(
    names.length === 0
      ? `There is no benchmark "${name}": there are none yet.`
      : `There is no benchmark "${name}"; there are: ${names.join(', ')}.`,
  );
}

function benchNames(): string[] {
  const folder = join(repositoryRoot, 'tests/bench');
  return existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/\.ts$/, '')) : [];
}
