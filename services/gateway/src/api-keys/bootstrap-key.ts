import { Scope } from '@socmate/contracts';
import { hashSecret, parseApiKey } from '@socmate/crypto';
import { createApiKeys, createAuditLog, type PrismaClient } from '@socmate/database';
import { AppError, type Clock, type Ids } from '@socmate/runtime';
import { auditedApiKey } from './to-api-key.ts';

/** The actor of what the launcher or a command on the host did. */
const HOST = 'host';

export interface BootstrapKeyDeps {
  readonly prisma: PrismaClient;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Stores the hash of a first admin key made on the host; where its key id is there already, nothing happens. */
export async function keepBootstrapKey(
  { prisma, clock, ids }: BootstrapKeyDeps,
  apiKey: string,
  rateLimitPerMinute: number,
): Promise<'added' | 'known'> {
  const parsed = parseApiKey(apiKey);
  if (!parsed)
    throw new AppError('invalid_input', 'BOOTSTRAP_ADMIN_KEY is not of the form sk_live_{key_id}_{secret}');
  const now = clock.now();
  return prisma.$transaction(async (tx) => {
    const key = await createApiKeys(tx).add({
      id: ids.next('key'),
      keyId: parsed.keyId,
      secretHash: hashSecret(parsed.secret),
      name: 'bootstrap',
      description: 'Made on the host',
      scopes: Scope.options,
      providers: [],
      isBootstrap: true,
      rateLimitPerMinute,
      expiresAt: null,
      createdBy: HOST,
      createdAt: now,
    });
    if (!key) return 'known';
    const entry = { id: ids.next('aud'), actor: HOST, action: 'api_key.bootstrapped' };
    const target = { targetType: 'api_key', targetId: key.id, after: auditedApiKey(key, now) };
    await createAuditLog(tx).add({ ...entry, ...target }, now);
    return 'added';
  });
}
