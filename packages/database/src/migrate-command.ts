import { CommonConfig, createLogger, parseEnv } from '@socmate/runtime';
import { migrate } from './migrate.ts';

const { DATABASE_URL, LOG_LEVEL } = parseEnv(
  CommonConfig.pick({ DATABASE_URL: true, LOG_LEVEL: true }),
  process.env,
);
const log = createLogger('migrate', LOG_LEVEL);
await migrate(DATABASE_URL, (migration) => log.info({ migration }, 'migration applied'));
log.info('the database has the schema of this version');
