import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { repositoryRoot } from './paths.ts';
import { spawnGroup } from './spawn-group.ts';

export interface Step {
  readonly name: string;
  /** A program of `node_modules/.bin`. */
  readonly command: string;
  readonly args: readonly string[];
}

export interface StepResult {
  readonly code: number;
  readonly output: string;
}

/** The environment in which the workspace's own programs run under the workspace's own Node. */
export const stepEnv = (more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [join(repositoryRoot, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
  ...more,
});

/** Runs a step silently, keeping what it says. */
export async function runStep(step: Step, signal: AbortSignal): Promise<StepResult> {
  const child = spawnGroup(step.command, step.args, {
    cwd: repositoryRoot,
    env: stepEnv({ FORCE_COLOR: process.stdout.isTTY ? '1' : '0' }),
    stdio: ['ignore', 'pipe', 'pipe'],
    stop: signal,
  });
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  const [code, out, err] = await Promise.all([ended, readAll(child.stdout), readAll(child.stderr)]);
  return { code, output: `${out}${err}`.trimEnd() };
}

const readAll = (output: Readable | null): Promise<string> | string => (output ? text(output) : '');
