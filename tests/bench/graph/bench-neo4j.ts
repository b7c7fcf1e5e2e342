import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchNeo4j, type Neo4j, startNeo4j } from '@socmate/local';
import { requireEnv } from '@socmate/testing';

/** A Neo4j as `npm start` runs it, whose data are kept under this name, or go with the run. */
export async function startBenchNeo4j(
  name: string,
  { isKept, say }: { readonly isKept: boolean; readonly say: (text: string) => void },
): Promise<Neo4j> {
  const run = requireEnv('TEST_RUN_FOLDER');
  const bench = dirname(run);
  const progress = { update: say, done: say, warn: say };
  const signal = AbortSignal.timeout(300_000);
  const fetched = await fetchNeo4j(join(dirname(bench), 'cache'), progress, signal);
  const folder = join(isKept ? bench : run, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return startNeo4j({
    ...fetched,
    dataFolder: join(folder, 'data'),
    password: keepPassword(join(folder, 'password')),
    records: requireEnv('TEST_PROCESS_RECORDS'),
  });
}

function keepPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(12).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
