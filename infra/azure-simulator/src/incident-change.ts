import { type IncidentContent, withProperties } from './incident-content.ts';
import type { JsonObject } from './incident-store.ts';
import type { ChangeFacts, ReplacementFacts } from './journal.ts';

export const REDIRECTED = 'Redirected';

export interface Label {
  readonly labelName: string;
  readonly labelType: string;
}

export const labelsOf = (properties: JsonObject): readonly Label[] =>
  (properties['labels'] as readonly Label[] | undefined) ?? [];

const NOBODY = { objectId: null, email: null, assignedTo: null, userPrincipalName: null };

function withoutMerge(properties: JsonObject): JsonObject {
  const known = (properties['additionalData'] as JsonObject | undefined) ?? {};
  const { mergedIncidentNumber, mergedIncidentUrl, ...additionalData } = known;
  if (mergedIncidentNumber === undefined && mergedIncidentUrl === undefined) return properties;
  const labels = labelsOf(properties).filter(({ labelName }) => labelName !== REDIRECTED);
  return { ...properties, labels, additionalData };
}

/** What a status brings with it: a closed incident has a classification; an open one has none, and is no longer merged. */
function settled(properties: JsonObject): JsonObject {
  const { classification, classificationReason, classificationComment, ...open } = properties;
  if (properties['status'] !== 'Closed') return withoutMerge(open);
  return {
    ...open,
    classification: classification ?? 'Undetermined',
    ...(classificationReason !== undefined && { classificationReason }),
    ...(classificationComment !== undefined && { classificationComment }),
  };
}

const given = (facts: object): JsonObject =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

/** As an analyst changes it: what is not named stays. */
export function changeIncident(content: IncidentContent, change: ChangeFacts): IncidentContent {
  const { owner, ...rest } = change;
  const told = { ...given(rest), ...(owner !== undefined && { owner: { ...NOBODY, ...owner } }) };
  const properties = { ...content.body.properties, ...told };
  return withProperties(content, change.status === undefined ? properties : settled(properties));
}

export const reopenIncident = (content: IncidentContent): IncidentContent =>
  withProperties(content, settled({ ...content.body.properties, status: 'Active' }));

/** What is not the client's to write. */
const KEPT = [
  'firstActivityTimeUtc',
  'lastActivityTimeUtc',
  'lastModifiedTimeUtc',
  'createdTimeUtc',
  'incidentNumber',
  'additionalData',
  'relatedAnalyticRuleIds',
  'incidentUrl',
  'providerName',
  'providerIncidentId',
];

/** A PUT: what the client may write and left out is gone. */
export function replaceIncident(content: IncidentContent, facts: ReplacementFacts): IncidentContent {
  const { owner, labels = [], ...rest } = facts;
  const kept = Object.entries(content.body.properties).filter(([name]) => KEPT.includes(name));
  const { title, description, severity, status, ...more } = given(rest);
  const properties = {
    title,
    ...(description !== undefined && { description }),
    severity,
    status,
    owner: { ...NOBODY, ...owner },
    labels,
    ...Object.fromEntries(kept),
    ...more,
  };
  return withProperties(content, settled(properties));
}
