import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stopRecorded } from './process-records.ts';

// A process of its own: its standard input closes when the launcher is gone, however that came about, and then it
// stops what the launcher had recorded and removes the files that only told of a run.
const [folder, ...leftovers] = process.argv.slice(2);
if (folder !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.stdin.resume();
  process.stdin.once('close', () => {
    for (const file of leftovers) rmSync(file, { force: true });
    void stopRecorded(folder, { graceMs: 5_000 });
  });
}
