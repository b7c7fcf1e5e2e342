import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Generating a client needs no schema engine, but the command refuses to start without one.
const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, ...process.env };
const cwd = fileURLToPath(new URL('..', import.meta.url));
const run = spawnSync('prisma', ['generate', '--no-hints'], {
  cwd,
  env,
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
if (run.status !== 0) {
  process.stderr.write(`${run.stdout}${run.stderr}`);
  process.exit(run.status ?? 1);
}
