import { anyCase, Severity } from '@socmate/contracts';
import { z } from 'zod';

const given = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const texts = z
  .array(z.unknown())
  .nullish()
  .transform((items) => (items ?? []).filter((item) => typeof item === 'string'));
/** Some sources write a number as text. */
const count = z.coerce.number().int().min(0);
const MAX_COUNT = 2_147_483_647;
/** What is no number of an incident says nothing, and costs no incident. */
const incidentNumber = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .refine((number) => number > 0)
  .nullable()
  .catch(null);

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/i;
/** RFC 3339; one without an offset is in UTC, as all of Azure's times are. */
const instant = z
  .string()
  .transform((text) => (INSTANT.exec(text)?.[1] === undefined ? `${text}Z` : text))
  .refine((text) => INSTANT.test(text) && !Number.isNaN(Date.parse(text)), 'is not a time');

/** Some sources write an absent value as the text "null", or as an empty one. */
const name = z
  .string()
  .nullish()
  .transform((text) => (text == null || text.trim() === '' || text === 'null' ? null : text));

const Label = z.union([
  z.string(),
  z.object({ labelName: z.string() }).transform((label) => label.labelName),
]);

/** As the service sends it. Only what an incident cannot be without is required; what is unknown stays in `raw`. */
const RestIncident = z.object({
  name: z.string().min(1),
  etag: given(z.string()),
  properties: z.object({
    incidentNumber: count,
    title: given(z.string()),
    description: given(z.string()),
    severity: anyCase(Severity),
    status: anyCase(z.enum(['new', 'active', 'closed'])),
    classification: given(z.string()),
    classificationReason: given(z.string()),
    classificationComment: given(z.string()),
    owner: given(z.object({ assignedTo: name, email: name, userPrincipalName: name })),
    labels: given(z.array(Label)),
    createdTimeUtc: instant,
    lastModifiedTimeUtc: instant,
    firstActivityTimeUtc: given(instant),
    lastActivityTimeUtc: given(instant),
    incidentUrl: given(z.string()),
    providerName: given(z.string()),
    providerIncidentId: given(z.coerce.string()),
    additionalData: given(
      z.object({
        alertsCount: given(count.max(MAX_COUNT)),
        commentsCount: given(count.max(MAX_COUNT)),
        mergedIncidentNumber: incidentNumber,
        tactics: texts,
        techniques: texts,
        providerIncidentUrl: given(z.string()),
      }),
    ),
  }),
});

/** An incident in our own form; times are RFC 3339 as sent, with up to seven decimals. */
export interface SentinelIncident {
  readonly name: string;
  readonly number: number;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly status: 'new' | 'active' | 'closed';
  readonly classification: string | null;
  readonly classificationReason: string | null;
  readonly classificationComment: string | null;
  readonly owner: string | null;
  readonly labels: readonly string[];
  readonly tactics: readonly string[];
  readonly techniques: readonly string[];
  readonly alertsCount: number;
  readonly commentsCount: number;
  /** The number of the incident that this one was merged into. */
  readonly mergedInto: number | null;
  /** Redirected to another incident, whether or not that one is named. */
  readonly isMerged: boolean;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly firstActivityAt: string | null;
  readonly lastActivityAt: string | null;
  readonly etag: string | null;
  readonly url: string | null;
  readonly defenderUrl: string | null;
  readonly providerName: string | null;
  readonly providerIncidentId: string | null;
  readonly raw: unknown;
}

/** The normal form of an incident as the service sends it; throws a `ZodError` that names what is missing. */
export function parseIncident(raw: unknown): SentinelIncident {
  const { name: incidentName, etag, properties } = RestIncident.parse(raw);
  const { owner, additionalData } = properties;
  const labels = properties.labels ?? [];
  const mergedInto = additionalData?.mergedIncidentNumber ?? null;
  return {
    name: incidentName,
    number: properties.incidentNumber,
    title: properties.title ?? '',
    description: properties.description ?? '',
    severity: properties.severity,
    status: properties.status,
    classification: properties.classification,
    classificationReason: properties.classificationReason,
    classificationComment: properties.classificationComment,
    owner: owner?.assignedTo ?? owner?.email ?? owner?.userPrincipalName ?? null,
    labels,
    tactics: additionalData?.tactics ?? [],
    techniques: additionalData?.techniques ?? [],
    alertsCount: additionalData?.alertsCount ?? 0,
    commentsCount: additionalData?.commentsCount ?? 0,
    mergedInto,
    isMerged: mergedInto !== null || labels.some((label) => label.toLowerCase() === 'redirected'),
    createdAt: properties.createdTimeUtc,
    lastModifiedAt: properties.lastModifiedTimeUtc,
    firstActivityAt: properties.firstActivityTimeUtc,
    lastActivityAt: properties.lastActivityTimeUtc,
    etag,
    url: properties.incidentUrl,
    defenderUrl: additionalData?.providerIncidentUrl ?? null,
    providerName: properties.providerName,
    providerIncidentId: properties.providerIncidentId,
    raw,
  };
}
