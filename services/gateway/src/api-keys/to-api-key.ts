import { type ApiKey, type ApiKeyStatus, Scope } from '@socmate/contracts';
import type { ApiKeyRecord } from '@socmate/database';

const statusOf = ({ disabledAt, expiresAt }: ApiKeyRecord, now: Date): ApiKeyStatus =>
  disabledAt ? 'disabled' : expiresAt && expiresAt <= now ? 'expired' : 'active';

/** A key as the API shows it. */
export function toApiKey(key: ApiKeyRecord, now: Date): ApiKey {
  const scopes = key.isBootstrap ? Scope.options : [...key.scopes];
  return {
    id: key.id,
    key_id: key.keyId,
    name: key.name,
    description: key.description,
    scopes,
    providers: [...key.providers],
    is_bootstrap: key.isBootstrap,
    is_admin: scopes.includes('admin'),
    status: statusOf(key, now),
    rate_limit_per_minute: key.rateLimitPerMinute,
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    last_used_ip: key.lastUsedIp,
    requests_24h: key.requests24h,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt.toISOString(),
  };
}

/** What the audit log keeps of a key: what somebody decided, not what changes with every use. */
export function auditedApiKey(key: ApiKeyRecord, now: Date): Record<string, unknown> {
  const { last_used_at: _at, last_used_ip: _ip, requests_24h: _requests, ...decided } = toApiKey(key, now);
  return decided;
}
