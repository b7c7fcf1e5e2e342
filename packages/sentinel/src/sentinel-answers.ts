import { z } from 'zod';
import { parseIncident, type SentinelIncident } from './sentinel-incident.ts';

/** An incident of a page that could not be read. */
export interface UnreadableIncident {
  readonly name: string | null;
  readonly number: number | null;
  readonly reason: string;
}

export interface SentinelIncidentPage {
  readonly incidents: readonly SentinelIncident[];
  /** Left out of `incidents`, so that one of them does not stop the others. */
  readonly unreadable: readonly UnreadableIncident[];
  readonly isLast: boolean;
}

export interface SentinelAlert {
  readonly systemAlertId: string;
  readonly raw: unknown;
}

const Page = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

const Named = z.object({
  name: z.string().nullable().catch(null),
  properties: z
    .object({ incidentNumber: z.int().nullable().catch(null) })
    .nullable()
    .catch(null),
});

function unreadable(raw: unknown, fault: z.ZodError): UnreadableIncident {
  const named = Named.safeParse(raw).data;
  const reason = fault.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { name: named?.name ?? null, number: named?.properties?.incidentNumber ?? null, reason };
}

export function parseIncidentPage(
  body: unknown,
): SentinelIncidentPage & { readonly nextLink: string | undefined } {
  const { value, nextLink } = Page.parse(body);
  const incidents: SentinelIncident[] = [];
  const faults: UnreadableIncident[] = [];
  for (const raw of value) {
    try {
      incidents.push(parseIncident(raw));
    } catch (fault) {
      if (!(fault instanceof z.ZodError)) throw fault;
      faults.push(unreadable(raw, fault));
    }
  }
  // An empty link ends the list, as a missing one does.
  const next = nextLink || undefined;
  return { incidents, unreadable: faults, nextLink: next, isLast: next === undefined };
}

const Alert = z.object({
  name: z.string().min(1).nullish(),
  properties: z.object({ systemAlertId: z.string().min(1).nullish() }).nullish(),
});

/** The alerts of an incident, each once; one without any id has nothing to be kept by and is left out. */
export function parseAlerts(body: unknown): SentinelAlert[] {
  const alerts = new Map<string, SentinelAlert>();
  for (const raw of Page.parse(body).value) {
    const alert = Alert.safeParse(raw).data;
    const systemAlertId = alert?.properties?.systemAlertId ?? alert?.name;
    if (systemAlertId) alerts.set(systemAlertId, { systemAlertId, raw });
  }
  return [...alerts.values()];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const Entities = z.object({ entities: z.array(z.unknown()).nullish() });

export const parseEntities = (body: unknown): readonly Record<string, unknown>[] =>
  (Entities.parse(body).entities ?? []).filter(isRecord);
