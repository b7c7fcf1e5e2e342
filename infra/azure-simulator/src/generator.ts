import { GENERATED_STORIES, type Story } from './generator-stories.ts';
import type { IncidentRecord } from './incident-store.ts';
import { type GenerateFacts, SEVERITIES } from './journal.ts';
import { createRandom, type Random } from './random.ts';
import {
  type AlertFacts,
  alertBodies,
  type EntityFacts,
  entityBodies,
  incidentBody,
  incidentName,
  type Occurrence,
} from './rest-bodies.ts';
import { instantAt } from './times.ts';
import type { Workspace } from './workspace.ts';

type Severity = (typeof SEVERITIES)[number];

export interface GenerationPlace {
  readonly workspace: Workspace;
  readonly seed: string;
  readonly firstNumber: number;
  readonly at: Date;
}

interface Content {
  readonly story: Story;
  readonly alerts: readonly AlertFacts[];
  readonly entities: readonly EntityFacts[];
}

function pickSeverity(random: Random, weights: GenerateFacts['severity']): Severity {
  const total = SEVERITIES.reduce((sum, severity) => sum + (weights[severity] ?? 0), 0);
  let draw = random.next() * total;
  for (const severity of SEVERITIES) {
    draw -= weights[severity] ?? 0;
    if (draw < 0) return severity;
  }
  return 'Medium';
}

function content(random: Random, severity: Severity, created: Date): Content {
  const story = random.pick(GENERATED_STORIES);
  const cast = story.cast(random);
  const end = created.getTime() - random.int(60, 900) * 1_000;
  const count = random.int(1, story.alerts.length);
  const alerts = story.alerts.slice(0, count).map((alert, position) => ({
    ...alert,
    severity: position === 0 ? severity : 'Medium',
    compromisedEntity: cast.compromised,
    startTimeUtc: instantAt(end - random.int(30, 3_600) * 1_000, random.int(0, 9_999)),
    endTimeUtc: instantAt(end, random.int(0, 9_999)),
  }));
  return { story, alerts, entities: cast.entities };
}

/**
 * One generated incident. What it contains is drawn again whenever it is asked for, from a seed of its own,
 * so that a hundred thousand of them are only their dates and severities in memory.
 */
function generateOne(facts: GenerateFacts, position: number, place: GenerationPlace): IncidentRecord {
  const { workspace, seed, firstNumber, at } = place;
  const draw = createRandom(facts.seed, position);
  const severity = pickSeverity(draw, facts.severity);
  const createdMs = at.getTime() - 1_000 - Math.floor(draw.next() * facts.spreadMs);
  const created = instantAt(createdMs, draw.int(0, 9_999));
  // All appear at once, yet each at an instant of its own.
  const ticksAgo = (facts.incidents - position) * 10;
  const now = instantAt(at.getTime() - 1 - Math.floor(ticksAgo / 10_000), 9_999 - (ticksAgo % 10_000));
  const number = firstNumber + position;
  const occurrence: Occurrence = {
    workspace,
    seed,
    number,
    created,
    modified: facts.modified === 'created' || now < created ? created : now,
  };
  const render = (): Content =>
    content(createRandom(facts.seed, position, 'content'), severity, new Date(createdMs));
  return {
    name: incidentName(seed, workspace.name, number),
    number,
    created,
    modified: occurrence.modified,
    severity,
    status: 'New',
    body: () => {
      const { story, alerts } = render();
      const title = `${story.title} on ${String(alerts[0]?.['compromisedEntity'])}`;
      return incidentBody(occurrence, { title, description: story.description, severity }, alerts);
    },
    alerts: () => alertBodies(occurrence, render().alerts),
    entities: () => entityBodies(occurrence, render().entities),
  };
}

/** The same facts give the same incidents, at whatever time and under whatever numbers. */
export function generateIncidents(facts: GenerateFacts, place: GenerationPlace): IncidentRecord[] {
  return Array.from({ length: facts.incidents }, (_, position) => generateOne(facts, position, place));
}
