import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const OFTEN_MISSING_FROM_PATH = [
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/opt/homebrew/bin',
];

/** The first of these programs that is on PATH or in a usual place. */
export function findExecutable(...names: string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...OFTEN_MISSING_FROM_PATH];
  const candidates = names.flatMap((name) => folders.filter(Boolean).map((folder) => join(folder, name)));
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
