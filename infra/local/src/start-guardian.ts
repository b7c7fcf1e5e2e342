import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from './paths.ts';

/** Makes sure that nothing outlives this process, not even when it is killed. Close it last. */
export function startGuardian(records: string, files: readonly string[] = []): { close(): Promise<void> } {
  const script = fileURLToPath(new URL('guardian.ts', import.meta.url));
  const child = spawn(process.execPath, [...nodeArguments, script, records, ...files], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  child.stdin.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
