import { sealContext, type WebhookEndpoint } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { AuditState, EndpointRecord } from '@socmate/database';
import type { Principal } from '@socmate/http';
import { shownAuth } from './endpoint-auth.ts';
import { shownHeaders } from './endpoint-headers.ts';

/** An endpoint as the API shows it: its URL whole to those who may write endpoints, masked to others. */
export function endpointView(sealer: Sealer, principal: Principal, stored: EndpointRecord): WebhookEndpoint {
  const { id, url_sealed, url_masked, headers_sealed: _h, headers_masked: _hm, ...rest } = stored;
  const { auth_sealed: _a, auth_masked: _am, ...settings } = rest;
  const mayWrite = principal.scopes.includes('webhooks:write');
  return {
    id,
    ...settings,
    url: mayWrite ? sealer.open(url_sealed, sealContext.webhookUrl(id)) : url_masked,
    headers: shownHeaders(sealer, stored, mayWrite),
    auth: shownAuth(sealer, stored, mayWrite),
    status: stored.enabled ? 'enabled' : 'disabled',
  };
}

const UNAUDITED = new Set([
  'url_sealed',
  'url_masked',
  'headers_sealed',
  'headers_masked',
  'auth_sealed',
  'auth_masked',
  'health',
  'updated_at',
]);

/** An endpoint as the audit log keeps it: without what is sealed. */
export function endpointAudit(endpoint: EndpointRecord): AuditState {
  const kept = Object.entries(endpoint).filter(([name]) => !UNAUDITED.has(name));
  return {
    ...Object.fromEntries(kept),
    url: endpoint.url_masked,
    headers: endpoint.headers_masked,
    auth: endpoint.auth_masked,
  };
}
