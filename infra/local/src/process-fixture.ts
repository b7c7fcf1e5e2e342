import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagedProcess, ProcessOptions } from './managed-process.ts';
import { startUntilLine } from './readiness.ts';

/** Folders and processes of a test, gone when it ends. */
export function createProcessFixture() {
  const folder = mkdtempSync(join(tmpdir(), 'socmate-local-'));
  const started: ManagedProcess[] = [];
  return {
    folder,
    records: join(folder, 'processes'),
    /** A process that says `ready` and lives until it is stopped; `script` runs first. */
    start: async (options: Partial<ProcessOptions> & { script?: string } = {}): Promise<ManagedProcess> => {
      const script = `${options.script ?? ''}; console.log('ready'); setInterval(() => {}, 1000);`;
      const running = await startUntilLine(
        {
          name: 'child',
          command: process.execPath,
          args: ['-e', script],
          stage: 'service',
          records: join(folder, 'processes'),
          ...options,
        },
        (line) => line === 'ready',
      );
      started.push(running);
      return running;
    },
    close: async () => {
      await Promise.all(started.map((running) => running.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
