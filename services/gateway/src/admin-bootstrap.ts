import { createApiKey } from '@socmate/crypto';
import { createPool, createPrisma } from '@socmate/database';
import { createIds, parseEnv, systemClock } from '@socmate/runtime';
import { keepBootstrapKey } from './api-keys/bootstrap-key.ts';
import { BootstrapConfig } from './config.ts';

const config = parseEnv(BootstrapConfig, process.env);
const pool = createPool(config.DATABASE_URL, { size: 2, name: 'admin-bootstrap' });
const prisma = createPrisma(pool);
try {
  const { apiKey } = createApiKey();
  const deps = { prisma, clock: systemClock, ids: createIds() };
  await keepBootstrapKey(deps, apiKey, config.BOOTSTRAP_RATE_LIMIT_PER_MINUTE);
  process.stderr.write('A new admin key. It is shown here and never again:\n');
  process.stdout.write(`${apiKey}\n`);
} finally {
  await prisma.$disconnect();
  await pool.end();
}
