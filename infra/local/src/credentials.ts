import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiKey } from '@socmate/crypto';
import { z } from 'zod';
import { LaunchError } from './launch-error.ts';

export const Credentials = z.object({
  master_keys: z.string(),
  admin_api_key: z.string(),
  postgres_password: z.string(),
  neo4j_password: z.string(),
});
export type Credentials = z.output<typeof Credentials>;

const createCredentials = (): Credentials => ({
  master_keys: `local:${randomBytes(32).toString('base64')}`,
  admin_api_key: createApiKey().apiKey,
  postgres_password: randomBytes(18).toString('hex'),
  neo4j_password: randomBytes(18).toString('hex'),
});

/** Made once and kept; without them the data they protect cannot be opened, so they are not made anew beside it. */
export function keepCredentials(folder: string, hasData: boolean): Credentials {
  const file = join(folder, 'credentials.json');
  if (existsSync(file)) return readCredentials(file);
  if (hasData)
    throw new LaunchError(
      `${file} is gone and its data cannot be opened: start with --fresh to begin again.`,
    );
  const credentials = createCredentials();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return credentials;
}

function readCredentials(file: string): Credentials {
  try {
    return Credentials.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new LaunchError(`${file} is not readable: put it back, or start with --fresh to begin again.`, {
      cause,
    });
  }
}
