import { parseEnv, runService } from '@socmate/runtime';
import { Config } from './config.ts';
import { startEnrichment } from './service.ts';

await runService(() => startEnrichment(parseEnv(Config, process.env)));
