import { sealContext, type WebhookEndpoint } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import type { AuditState, EndpointRecord } from '@socmate/database';
import type { Principal } from '@socmate/http';

/** An endpoint as the API shows it: its URL whole to those who may write endpoints, masked to others. */
export function endpointView(
  sealer: Sealer,
  principal: Principal,
  { url_sealed, url_masked, ...endpoint }: EndpointRecord,
): WebhookEndpoint {
  const mayWrite = principal.scopes.includes('webhooks:write');
  const url = mayWrite ? sealer.open(url_sealed, sealContext.webhookUrl(endpoint.id)) : url_masked;
  return { ...endpoint, url, status: endpoint.enabled ? 'enabled' : 'disabled' };
}

const UNAUDITED = new Set(['url_sealed', 'url_masked', 'updated_at']);

/** An endpoint as the audit log keeps it: without what is sealed. */
export function endpointAudit(endpoint: EndpointRecord): AuditState {
  const kept = Object.entries(endpoint).filter(([name]) => !UNAUDITED.has(name));
  return { ...Object.fromEntries(kept), url: endpoint.url_masked };
}
