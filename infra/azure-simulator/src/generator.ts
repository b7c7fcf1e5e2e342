import { GENERATED_STORIES, type Story } from './generator-stories.ts';
import type { IncidentRecord, IncidentSource, JsonObject } from './incident-store.ts';
import { type GenerateFacts, SEVERITIES, STATUSES } from './journal.ts';
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

export interface GenerationPlace {
  readonly workspace: Workspace;
  readonly seed: string;
  readonly firstNumber: number;
  readonly at: Date;
}

interface Content {
  readonly story: Story;
  readonly closing: JsonObject;
  readonly alerts: readonly AlertFacts[];
  readonly entities: readonly EntityFacts[];
}

type Weights<T extends string> = { readonly [name in T]?: number | undefined };

function pickWeighted<T extends string>(random: Random, names: readonly [T, ...T[]], weights: Weights<T>): T {
  const total = names.reduce((sum, name) => sum + (weights[name] ?? 0), 0);
  let draw = random.next() * total;
  for (const name of names) {
    draw -= weights[name] ?? 0;
    if (draw < 0) return name;
  }
  return names[0];
}

/** What analysts close incidents as. */
const CLOSINGS: readonly [JsonObject, ...JsonObject[]] = [
  { classification: 'TruePositive', classificationReason: 'SuspiciousActivity' },
  { classification: 'BenignPositive', classificationReason: 'SuspiciousButExpected' },
  { classification: 'FalsePositive', classificationReason: 'IncorrectAlertLogic' },
  { classification: 'Undetermined' },
];

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
  return { story, alerts, entities: cast.entities, closing: random.pick(CLOSINGS) };
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
  const severity = pickWeighted(random, SEVERITIES, facts.severity);
  const createdMs = at.getTime() - 1_000 - Math.floor(random.next() * facts.spreadMs);
  const created = instantAt(createdMs, random.int(0, 9_999));
  const number = firstNumber + position;
  const modified =
    facts.modified === 'created' ? created : laterThan(created, appearance(facts, position, at));
  const name = incidentName(seed, workspace.name, number);
  const status = pickWeighted(random, STATUSES, facts.status);
  return { name, number, created, modified, severity, status, source };
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
      const { story, alerts, closing } = contentOf(record);
      const { severity, status } = record;
      const title = `${story.title} on ${String(alerts[0]?.['compromisedEntity'])}`;
      const told = { title, description: story.description, severity, status };
      return incidentBody(occurrenceOf(record), { ...told, ...(status === 'Closed' && closing) }, alerts);
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
