import {
  ALERT_SEVERITY_MIN,
  type AlertReason,
  alertTraits,
  type IncidentAlert,
  incidentLinks,
  severityRank,
} from '@socmate/contracts';
import type { ClaimedProvider, IncidentAlertEvent, StoredIncident } from '@socmate/database';
import type { SentinelIncident } from '@socmate/sentinel';
import { incidentSources } from './incident-sources.ts';

export type AlertingProvider = Pick<
  ClaimedProvider,
  'id' | 'name' | 'isDefault' | 'tenantId' | 'alertBacklog' | 'includeClosed' | 'connectedAt'
>;

interface Changed {
  readonly incident: SentinelIncident;
  readonly stored: StoredIncident;
}

const isAlerting = (severity: SentinelIncident['severity']): boolean =>
  severityRank(severity) >= severityRank(ALERT_SEVERITY_MIN);

/** What is closed or merged away alerts nobody; it may when it is reopened. */
const isSilent = ({ includeClosed }: AlertingProvider, { status, isMerged }: SentinelIncident): boolean =>
  !includeClosed && (status === 'closed' || isMerged);

/** What was created before the workspace was connected. */
const isBacklog = ({ connectedAt }: AlertingProvider, { createdAt }: SentinelIncident): boolean =>
  Date.parse(createdAt) < connectedAt.getTime();

const instant = (time: string): string => new Date(time).toISOString();
const instantOrNull = (time: string | null): string | null => (time === null ? null : instant(time));

function render(
  provider: AlertingProvider,
  incident: SentinelIncident,
  { reason, publicUrl, previousSeverity }: Rendering,
): IncidentAlert {
  return {
    reason,
    incident: {
      number: incident.number,
      title: incident.title,
      description: incident.description,
      severity: incident.severity,
      status: incident.status,
      provider: provider.name,
      provider_incident_id: incident.providerIncidentId,
      priority: null,
      tactics: [...incident.tactics],
      techniques: [...incident.techniques],
      alerts_count: incident.alertsCount,
      labels: [...incident.labels],
      ...incidentSources(incident.raw),
      owner: incident.owner,
      created_at: instant(incident.createdAt),
      last_modified_at: instant(incident.lastModifiedAt),
      first_activity_at: instantOrNull(incident.firstActivityAt),
      last_activity_at: instantOrNull(incident.lastActivityAt),
    },
    previous_severity: previousSeverity,
    links: incidentLinks(publicUrl, {
      number: incident.number,
      incidentUrl: incident.url,
      providerName: incident.providerName,
      providerIncidentId: incident.providerIncidentId,
      defenderUrl: incident.defenderUrl,
      tenantId: provider.tenantId,
      // A number alone means the default workspace's incident.
      ...(!provider.isDefault && { provider: provider.name }),
    }),
  };
}

interface Rendering {
  readonly reason: AlertReason;
  readonly publicUrl: string;
  readonly previousSeverity: SentinelIncident['severity'] | null;
}

/**
 * The alerts of what a page inserted or changed: `new` the first time that an incident is seen open and severe enough,
 * whatever it was before. A rise above the last alert is two events: `raised` for endpoints whose minimum had been met
 * before, and `new` for those whose minimum it is the first to meet.
 */
export function incidentAlerts(
  provider: AlertingProvider,
  publicUrl: string,
  changed: readonly Changed[],
): IncidentAlertEvent[] {
  return changed.flatMap(({ incident, stored }) => {
    const { severity } = incident;
    const previousSeverity = stored.alertedSeverity;
    const event = (reason: AlertReason, causeSuffix: string): IncidentAlertEvent => {
      const data = render(provider, incident, { reason, publicUrl, previousSeverity });
      return {
        type: 'incident-alert',
        causeKey: `incident:${provider.id}:${incident.name}:${causeSuffix}`,
        providerId: provider.id,
        traits: alertTraits(data),
        data,
        incidentId: stored.id,
        severity,
      };
    };
    if (isSilent(provider, incident) || !isAlerting(severity)) return [];
    if (previousSeverity === null)
      return provider.alertBacklog || !isBacklog(provider, incident) ? [event('new', 'new')] : [];
    if (severityRank(severity) <= severityRank(previousSeverity)) return [];
    return [event('raised', `raised:${severity}`), event('new', `new:${severity}`)];
  });
}
