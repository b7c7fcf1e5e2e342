/** What of an incident its links are made of. */
export interface LinkedIncident {
  readonly number: number;
  readonly incidentUrl: string | null;
  readonly providerName: string | null;
  readonly providerIncidentId: string | null;
  /** What Sentinel itself says (`additionalData.providerIncidentUrl`), where it does. */
  readonly defenderUrl: string | null;
  readonly tenantId: string;
  /** Set where the number alone would name another workspace's incident. */
  readonly provider?: string;
}

export interface IncidentLinks {
  readonly api: string;
  readonly console: string;
  readonly sentinel: string | null;
  readonly defender: string | null;
}

const DEFENDER = 'https://security.microsoft.com/incidents/';
const DEFENDER_NAMES = new Set(['microsoft xdr', 'microsoft 365 defender']);

const httpsOnly = (url: string | null): string | null => (url?.startsWith('https://') ? url : null);

/** Only what the Defender portal made has a page there. */
function defenderLink(incident: LinkedIncident): string | null {
  const given = httpsOnly(incident.defenderUrl);
  if (given !== null) return given;
  const { providerIncidentId, providerName, tenantId } = incident;
  if (providerIncidentId === null || !DEFENDER_NAMES.has(providerName?.toLowerCase() ?? '')) return null;
  return `${DEFENDER}${encodeURIComponent(providerIncidentId)}?tid=${encodeURIComponent(tenantId)}`;
}

/** Where people and programs find an incident. */
export function incidentLinks(publicUrl: string, incident: LinkedIncident): IncidentLinks {
  const base = publicUrl.replace(/\/+$/, '');
  const query = incident.provider === undefined ? '' : `?provider=${encodeURIComponent(incident.provider)}`;
  return {
    api: `${base}/api/v1/incidents/${incident.number}${query}`,
    console: `${base}/incidents/${incident.number}${query}`,
    sentinel: httpsOnly(incident.incidentUrl),
    defender: defenderLink(incident),
  };
}
