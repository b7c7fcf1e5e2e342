import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuardian } from '@socmate/local';
import type { Lifecycle } from '@socmate/runtime';

export interface RunFolder {
  readonly folder: string;
  /** Processes that are recorded here end with this run, even when it is killed. */
  readonly records: string;
}

/** A folder for what a test starts, until `life` closes. */
export function openRunFolder(life: Lifecycle, name: string): RunFolder {
  const folder = mkdtempSync(join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), `${name}-`));
  // Postgres may run as another user, who has to come through.
  chmodSync(folder, 0o711);
  life.use('folder', folder, () => rmSync(folder, { recursive: true, force: true }));
  const guarded = process.env['TEST_PROCESS_RECORDS'];
  const records = guarded ?? join(folder, 'processes');
  mkdirSync(records, { recursive: true });
  if (guarded === undefined) life.use('guardian', startGuardian(records), (guardian) => guardian.close());
  return { folder, records };
}
