import { labelsOf, REDIRECTED } from './incident-change.ts';
import {
  addAlerts,
  findAlert,
  type IncidentContent,
  linkedTo,
  removeAlerts,
  union,
  withAdditionalData,
  withProperties,
} from './incident-content.ts';
import { SEVERITIES } from './journal.ts';

export interface Pair {
  readonly source: IncidentContent;
  readonly target: IncidentContent;
}

const higher = (one: unknown, other: unknown): unknown =>
  SEVERITIES.find((severity) => severity === one || severity === other) ?? one;

function redirected(source: IncidentContent, { body: into }: IncidentContent): IncidentContent {
  const { properties } = source.body;
  const closed = withProperties(source, {
    ...properties,
    status: 'Closed',
    classification: properties['classification'] ?? 'Undetermined',
    labels: [{ labelName: REDIRECTED, labelType: 'AutoAssigned' }],
  });
  return withAdditionalData(closed, {
    mergedIncidentNumber: String(into.properties['incidentNumber']),
    mergedIncidentUrl: into.properties['incidentUrl'],
  });
}

/** What the target takes over besides alerts and entities: tags, analytics rules, the higher severity. */
function absorbing(target: IncidentContent, { body: from }: IncidentContent): IncidentContent {
  const { properties } = target.body;
  const labels = [...labelsOf(properties), ...labelsOf(from.properties)];
  return withProperties(target, {
    ...properties,
    severity: higher(properties['severity'], from.properties['severity']),
    labels: [...new Map(labels.map((label) => [label.labelName, label])).values()],
    relatedAnalyticRuleIds: union(
      properties['relatedAnalyticRuleIds'],
      from.properties['relatedAnalyticRuleIds'],
    ),
  });
}

/**
 * As Defender merges: alerts with their entities, tags and rules go to the target; the source is closed and
 * redirected, and keeps its comments.
 */
export function mergeIncidents({ source, target }: Pair): Pair {
  const added = source.alerts.map((linked) => linkedTo(target.body.name, linked));
  const grown = addAlerts(absorbing(target, source), added);
  const emptied = removeAlerts(redirected(source, target), source.alerts);
  return {
    source: { ...emptied, entities: [] },
    target: { ...grown, entities: [...target.entities, ...source.entities] },
  };
}

/** Undefined where the source has no such alert. An entity of several alerts is then one of both incidents. */
export function moveAlert({ source, target }: Pair, alert: string, relation?: string): Pair | undefined {
  const linked = findAlert(source, alert);
  if (!linked) return undefined;
  return {
    source: removeAlerts(source, [linked]),
    target: addAlerts(target, [linkedTo(target.body.name, linked, relation)]),
  };
}
