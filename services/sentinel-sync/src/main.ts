import { parseEnv, runService } from '@socmate/runtime';
import { Config } from './config.ts';
import { startSentinelSync } from './service.ts';

await runService(() => startSentinelSync(parseEnv(Config, process.env)));
