import { GENERATED_STORIES, type Story } from './generator-stories.ts';
import type { IncidentRecord, IncidentSource } from './incident-store.ts';
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
import { type Instant, instantAt, laterThan } from './times.ts';
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

function content(random: Random, severity: string, created: Date): Content {
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

/** When the n-th of them appears: all at once, yet each at an instant of its own, in order. */
function appearance(facts: GenerateFacts, position: number, at: Date): Instant {
  const ticksAgo = (facts.incidents - position) * 10;
  return instantAt(at.getTime() - 1 - Math.floor(ticksAgo / 10_000), 9_999 - (ticksAgo % 10_000));
}

function generateOne(
  facts: GenerateFacts,
  position: number,
  { workspace, seed, firstNumber, at }: GenerationPlace,
  source: IncidentSource,
): IncidentRecord {
  const random = createRandom(facts.seed, position);
  const severity = pickSeverity(random, facts.severity);
  const createdMs = at.getTime() - 1_000 - Math.floor(random.next() * facts.spreadMs);
  const created = instantAt(createdMs, random.int(0, 9_999));
  const number = firstNumber + position;
  const modified =
    facts.modified === 'created' ? created : laterThan(created, appearance(facts, position, at));
  const name = incidentName(seed, workspace.name, number);
  return { name, number, created, modified, severity, status: 'New', source };
}

/** What an incident contains is drawn again whenever it is asked for, from a seed of its own. */
function generatedSource(
  facts: GenerateFacts,
  { workspace, seed, firstNumber }: GenerationPlace,
): IncidentSource {
  const contentOf = ({ number, severity, created }: IncidentRecord): Content => {
    const random = createRandom(facts.seed, number - firstNumber, 'content');
    return content(random, severity, new Date(created));
  };
  const occurrenceOf = ({ number, created, modified }: IncidentRecord): Occurrence => ({
    workspace,
    seed,
    number,
    created,
    modified,
  });
  return {
    body: (record) => {
      const { story, alerts } = contentOf(record);
      const title = `${story.title} on ${String(alerts[0]?.['compromisedEntity'])}`;
      const told = { title, description: story.description, severity: record.severity };
      return incidentBody(occurrenceOf(record), told, alerts);
    },
    alerts: (record) => alertBodies(occurrenceOf(record), contentOf(record).alerts),
    entities: (record) => entityBodies(occurrenceOf(record), contentOf(record).entities),
  };
}

/** The same facts give the same incidents, at whatever time and under whatever numbers. */
export function generateIncidents(facts: GenerateFacts, place: GenerationPlace): IncidentRecord[] {
  const source = generatedSource(facts, place);
  return Array.from({ length: facts.incidents }, (_, position) =>
    generateOne(facts, position, place, source),
  );
}
