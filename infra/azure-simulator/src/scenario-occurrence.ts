import { guid } from './guid.ts';
import type { IncidentRecord, Resource } from './incident-store.ts';
import {
  alertBodies,
  type EntityFacts,
  entityBodies,
  incidentBody,
  incidentName,
  type Occurrence,
} from './rest-bodies.ts';
import { referencesIn, type Scenario } from './scenario.ts';
import { instantAt, parseInstant, resolveTimes } from './times.ts';
import type { Workspace } from './workspace.ts';

export interface OccurrencePlace {
  readonly workspace: Workspace;
  readonly seed: string;
  readonly number: number;
  readonly at: Date;
}

function linkedEntities(scenario: Scenario, occurrence: Occurrence): Resource[] {
  const plain: EntityFacts[] = scenario.entities.map(({ kind, properties }) => ({ kind, properties }));
  const bodies = entityBodies(occurrence, plain);
  const names = new Map(scenario.entities.map(({ key }, position) => [key, bodies[position]?.name]));
  const link = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(link);
    const [key] = referencesIn(value);
    return key === undefined ? value : names.get(key);
  };
  return bodies.map((body) => ({
    ...body,
    properties: Object.fromEntries(
      Object.entries(body.properties).map(([name, value]) => [name, link(value)]),
    ),
  }));
}

/**
 * A scenario as it happens at a time: its times lie relative to that, and Sentinel shows the incident as
 * last modified then, however long ago it was created, since that is when it appears.
 */
export function occurScenario(
  scenario: Scenario,
  { workspace, seed, number, at }: OccurrencePlace,
): IncidentRecord {
  const { incident, alerts, entities } = resolveTimes(
    { incident: scenario.incident, alerts: scenario.alerts, entities: scenario.entities },
    at,
  );
  const name = incidentName(seed, workspace.name, number);
  const ticks = Number.parseInt(guid(name, 'ticks').slice(0, 4), 16) % 10_000;
  const modified = instantAt(at.getTime() - 1, ticks);
  const wanted = parseInstant(incident.createdTimeUtc) ?? modified;
  const created = wanted < modified ? wanted : modified;
  const occurrence: Occurrence = { workspace, seed, number, created, modified };
  return {
    name,
    number,
    created,
    modified,
    severity: incident.severity,
    status: incident.status,
    source: {
      body: () => incidentBody(occurrence, incident, alerts),
      alerts: () => alertBodies(occurrence, alerts),
      entities: () => linkedEntities({ ...scenario, entities }, occurrence),
    },
  };
}
