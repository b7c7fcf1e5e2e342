import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that decides what gets installed; the same again means that nothing is to be done. */
export function installStamp(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const folders = ['services', 'packages', 'infra'].flatMap((folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : [],
  );
  const files = ['', 'tests', ...folders.sort((a, b) => (a < b ? -1 : 1))].map((folder) =>
    join(folder, 'package.json'),
  );
  const others = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    'packages/database/prisma/schema.prisma',
  ];
  for (const file of [...files, ...others]) {
    if (existsSync(join(root, file))) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}
