import { parseEnv, runService } from '@socmate/runtime';
import { Config } from './config.ts';
import { startNotifier } from './service.ts';

await runService(() => startNotifier(parseEnv(Config, process.env)));
