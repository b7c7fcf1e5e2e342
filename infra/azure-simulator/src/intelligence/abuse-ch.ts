import type { Credential } from './simulated-provider.ts';

/** One key opens URLhaus, MalwareBazaar and ThreatFox. */
export const abuseChCredential: Credential = {
  header: 'auth-key',
  missing: { status: 401, body: { error: 'Unauthorized' } },
  wrong: { status: 403, body: { query_status: 'unknown_auth_key' } },
};
