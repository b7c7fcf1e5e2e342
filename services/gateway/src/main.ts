import { parseEnv, runService } from '@socmate/runtime';
import { Config } from './config.ts';
import { startGateway } from './service.ts';

await runService(() => startGateway(parseEnv(Config, process.env)));
