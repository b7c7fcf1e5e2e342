import type { ChangeableState, StatusChangeCreate } from '@socmate/contracts';
import type { SentinelIncident } from '@socmate/sentinel';
import { z } from 'zod';

const Owner = z.record(z.string(), z.unknown()).nullish();
const Raw = z.object({
  properties: z.looseObject({
    owner: Owner,
    labels: z.array(z.unknown()).nullish(),
  }),
});

/** What Azure sets by itself; everything else is lost unless a replacement holds it. */
const READ_ONLY = new Set([
  'additionalData',
  'createdTimeUtc',
  'incidentNumber',
  'incidentUrl',
  'lastModifiedTimeUtc',
  'relatedAnalyticRuleIds',
]);
const CLOSING = ['classification', 'classificationReason', 'classificationComment'];

const OBJECT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `true_positive` as Azure writes it: `TruePositive`. */
const pascal = (value: string): string =>
  value.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snake = (value: string | null): string | null =>
  value && value.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();

function newOwner(owner: string | null): Record<string, string | null> {
  const nobody = { objectId: null, email: null, assignedTo: null, userPrincipalName: null };
  if (owner === null) return nobody;
  return OBJECT_ID.test(owner) ? { objectId: owner } : { userPrincipalName: owner };
}

const labelOf = (label: unknown): unknown => {
  if (typeof label === 'string') return { labelName: label };
  const { labelName } = z.object({ labelName: z.unknown() }).parse(label);
  return { labelName };
};

/** The whole `properties` of an incident with the requested change: what is not asked for stays as it was read. */
export function replacementOf(
  incident: SentinelIncident,
  requested: StatusChangeCreate,
): Record<string, unknown> {
  const { properties } = Raw.parse(incident.raw);
  const kept = Object.entries(properties).filter(([name]) => !READ_ONLY.has(name) && !CLOSING.includes(name));
  const { status, classification, reason, comment, owner } = requested;
  return {
    ...Object.fromEntries(kept),
    ...(properties.labels && { labels: properties.labels.map(labelOf) }),
    ...(owner !== undefined && { owner: newOwner(owner) }),
    status: pascal(status),
    ...(classification !== undefined && { classification: pascal(classification) }),
    ...(reason !== undefined && { classificationReason: pascal(reason) }),
    ...(comment !== undefined && { classificationComment: comment }),
  };
}

/** Of an incident, what a status change may touch, as the API writes it. */
export const changeableState = (incident: SentinelIncident): ChangeableState => ({
  status: incident.status,
  classification: snake(incident.classification),
  reason: snake(incident.classificationReason),
  comment: incident.classificationComment,
  owner: incident.owner,
});

function hasOwner(incident: SentinelIncident, owner: string | null): boolean {
  if (owner === null) return incident.owner === null;
  const known = Object.values(Raw.parse(incident.raw).properties.owner ?? {});
  return known.some((value) => typeof value === 'string' && value.toLowerCase() === owner.toLowerCase());
}

/** Whether an incident is as requested. */
export function isAsRequested(incident: SentinelIncident, requested: StatusChangeCreate): boolean {
  const { status, owner } = requested;
  const state = changeableState(incident);
  if (state.status !== status || (owner !== undefined && !hasOwner(incident, owner))) return false;
  const fields = ['classification', 'reason', 'comment'] as const;
  return (
    status !== 'closed' || fields.every((field) => (state[field] || null) === (requested[field] ?? null))
  );
}

/** What people see of an incident. Its etag, its last change and its comments are not among it. */
const SEEN = [
  'title',
  'description',
  'severity',
  'status',
  'classification',
  'classificationReason',
  'classificationComment',
  'owner',
  'labels',
  'tactics',
  'techniques',
  'alertsCount',
  'firstActivityAt',
  'lastActivityAt',
  'mergedInto',
] as const satisfies readonly (keyof SentinelIncident)[];

/** The fields in which two readings of an incident differ for those who look at it. */
export const seenDifferences = (known: SentinelIncident, found: SentinelIncident): string[] =>
  SEEN.filter((field) => JSON.stringify(known[field]) !== JSON.stringify(found[field]));
