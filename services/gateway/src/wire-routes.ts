import { createCursorCodec, parseMasterKeys } from '@socmate/crypto';
import { createApiKeys, createAuditTrail } from '@socmate/database';
import { type HealthChecks, readiness } from '@socmate/runtime';
import { createManageApiKeys } from './api-keys/manage-api-keys.ts';
import type { Base } from './base.ts';
import { openDomain } from './domain-deps.ts';
import { openGraphQuestions } from './graph/open-graph-questions.ts';
import type { RouteDeps } from './routes/route-deps.ts';

/** Makes everything that routes ask for. */
export function wireRoutes(
  base: Base,
  checks: HealthChecks,
  onKeyChanged: (keyId: string) => void,
): RouteDeps {
  const { life, config, clock, ids, pool, prisma } = base;
  const domain = openDomain(base, base.sealer);
  return {
    ...domain,
    graphQuestions: openGraphQuestions(base, domain),
    clock,
    cursors: createCursorCodec(parseMasterKeys(config.MASTER_KEYS)),
    ready: () => readiness(checks, life.isClosing),
    apiKeys: createApiKeys(prisma),
    manageApiKeys: createManageApiKeys({ prisma, clock, ids, onChanged: onKeyChanged }),
    auditTrail: createAuditTrail(pool),
  };
}
