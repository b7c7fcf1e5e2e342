import { parseEnv, runService } from '@socmate/runtime';
import { Config } from './config.ts';
import { startInvestigator } from './service.ts';

await runService(() => startInvestigator(parseEnv(Config, process.env)));
