import type { BenchOptions } from './benchmark.ts';

export interface BenchArguments extends Omit<BenchOptions, 'say'> {
  /** A file that gets the result too. */
  readonly json?: string;
}

/** `--flag value` or `--flag=value`; a flag without a value is `true`. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const given: Record<string, string> = {};
  for (const [position, arg] of args.entries()) {
    const [, name, value] = /^--([a-z][a-z0-9-]*)(?:=(.*))?$/.exec(arg) ?? [];
    const before = args[position - 1];
    if (name === undefined && !before?.startsWith('--')) throw new Error(`"${arg}" is no --flag`);
    if (name === undefined) continue;
    const next = args[position + 1];
    given[name] = value ?? (next === undefined || next.startsWith('--') ? 'true' : next);
  }
  const { quick, scenario, json, ...flags } = given;
  return {
    scenarios: scenario === undefined ? [] : scenario.split(',').map((name) => name.trim()),
    isQuick: quick === 'true',
    flags,
    ...(json !== undefined && { json }),
  };
}
