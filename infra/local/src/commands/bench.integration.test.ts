import { execFile } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { nodeArguments, repositoryRoot } from '../paths.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const launch = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const command = [...nodeArguments, 'infra/local/src/main.ts', 'bench', ...args];
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile(process.execPath, command, { cwd: repositoryRoot, env }, (fault, stdout, stderr) =>
      resolve({ code: Number(fault?.code ?? 0), stdout, stderr }),
    );
  });

test('without a name the benchmarks are listed, a line each, and nothing is started', async () => {
  const { code, stdout } = await launch();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}sync +\S/m);
});

test('a name that is none is refused with those that are, before anything is started', async () => {
  const { code, stdout, stderr } = await launch('snyc', '--quick');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('There is no benchmark "snyc"; there are: sync, ');
});
