import type { AzureIncident } from '../system/azure.ts';

/** How a workspace was connected. */
export interface AlertRule {
  readonly connectedAt: Date;
  readonly alertBacklog: boolean;
  readonly includeClosed: boolean;
}

const RANKS = ['Informational', 'Low', 'Medium', 'High'] as const;
const MEDIUM = RANKS.indexOf('Medium');
const HIGH = RANKS.indexOf('High');

const rankOf = (severity: string): number => RANKS.findIndex((known) => known === severity);

interface Labelled {
  readonly labels?: readonly { readonly labelName: string }[];
}

function isOver({ properties }: AzureIncident): boolean {
  const labels = (properties as Labelled).labels ?? [];
  const isMerged =
    properties.additionalData.mergedIncidentNumber !== undefined ||
    labels.some(({ labelName }) => labelName.toLowerCase() === 'redirected');
  return properties.status === 'Closed' || isMerged;
}

/** One alert as a subscriber counts it: `12 raised high`. */
const line = (incident: AzureIncident, reason: string, rank: number): string =>
  `${incident.properties.incidentNumber} ${reason} ${RANKS[rank]?.toLowerCase()}`;

/**
 * The rule of alerts, told apart from the product: given the incidents as Azure has them at each sync, what a
 * subscriber to `new` and `raised`, and one to `new` from high on, must have got in the end, each once.
 */
export function createAlertModel(rule: AlertRule) {
  const alerted = new Map<string, number>();
  const everything: string[] = [];
  const high: string[] = [];

  const observe = (incident: AzureIncident): void => {
    const rank = rankOf(incident.properties.severity);
    const before = alerted.get(incident.name);
    if (rank < MEDIUM || (isOver(incident) && !rule.includeClosed)) return;
    const isBacklog = Date.parse(incident.properties.createdTimeUtc) < rule.connectedAt.getTime();
    if (before === undefined && isBacklog && !rule.alertBacklog) return;
    if (before !== undefined && rank <= before) return;
    alerted.set(incident.name, rank);
    everything.push(line(incident, before === undefined ? 'new' : 'raised', rank));
    if (rank === HIGH) high.push(line(incident, 'new', rank));
  };
  return {
    observe: (incidents: readonly AzureIncident[]): void => {
      for (const incident of incidents) observe(incident);
    },
    /** Sorted. */
    expected: () => ({ everything: everything.toSorted(), high: high.toSorted() }),
  };
}
