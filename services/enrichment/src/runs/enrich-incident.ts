import { setTimeout as delay } from 'node:timers/promises';
import type { Enrichment, Entity, Observation } from '@socmate/contracts';
import type {
  EnrichmentClaim,
  EnrichmentFacts,
  EnrichmentOutcome,
  EnrichmentRuns,
  IncidentFacts,
  ListEntries,
} from '@socmate/database';
import { AppError, type Clock } from '@socmate/runtime';
import type { Assess } from '../assessment/assessment.ts';
import type { Intelligence } from '../intelligence/create-intelligence.ts';
import type { IncidentReader } from '../reading/incident-reader.ts';
import { peopleOf } from './people-of.ts';
import { countProviders, isMissing } from './tell-providers.ts';

export interface EnrichIncidentDeps {
  readonly runs: Pick<EnrichmentRuns, 'askAgain' | 'begin'>;
  readonly facts: EnrichmentFacts;
  readonly lists: Pick<ListEntries, 'current'>;
  readonly reader: Pick<IncidentReader, 'readNow'>;
  readonly intelligence: Pick<Intelligence, 'lookUp'>;
  readonly assess: Assess;
  readonly clock: Clock;
  /** How long providers are waited for; what they have not said by then is missing. */
  readonly lookUpMs: number;
  /** How long alerts and entities that were never read from Sentinel are waited for. */
  readonly detailsPatienceMs: number;
}

/** The run of which this is the work, as its owner made it. */
export interface OwnedRun {
  readonly owner: string;
  readonly claim: EnrichmentClaim;
}

export type EnrichIncident = (run: OwnedRun, signal: AbortSignal) => Promise<EnrichmentOutcome>;

const ENTITIES_MAX = 500;
const LOOK_MS = 100;

/** Reads an incident, asks about its entities, and judges it. What could not be learnt leaves it partial. */
export function createEnrichIncident(deps: EnrichIncidentDeps): EnrichIncident {
  return async ({ owner, claim }, signal) => {
    const startedAt = performance.now();
    const { incidentId } = claim;
    await readSentinel(deps, claim, signal);
    await deps.reader.readNow(incidentId, signal);
    await deps.runs.begin(owner, claim);
    const [facts, lists] = await Promise.all([deps.facts.load(incidentId), deps.lists.current()]);
    if (!facts) throw new AppError('not_found', 'the incident is gone');
    const entities = mostTelling(facts.entities);
    const observations = await lookUpAll(deps, { facts, entities, isForced: claim.isForced }, signal);
    signal.throwIfAborted();
    const assessment = deps.assess({
      now: deps.clock.now(),
      incident: facts,
      entities,
      observations,
      facts: { lists, history: facts.history, relations: relationsAmong(facts, entities) },
      related: facts.related.map((one) => ({ ...one, shared: [...one.shared] })),
    });
    const { priority, ...judged } = assessment;
    const isWhole = facts.are_details_read && facts.is_read && entities.length === facts.entities.length;
    const result: Enrichment = {
      incident_number: facts.number,
      status: isWhole && ![...observations.values()].flat().some(isMissing) ? 'complete' : 'partial',
      ...judged,
      related_incidents: [...facts.related].map((one) => ({ ...one, shared: [...one.shared] })),
      duration_ms: Math.round(performance.now() - startedAt),
      providers: countProviders(observations.values()),
    };
    const lacksEntities = facts.are_details_read && facts.lacks_entities;
    const verdicts = verdictsOf(facts, result);
    return { result, priority, verdicts, otherKeys: keysWithout(facts, verdicts), lacksEntities };
  };
}

async function readSentinel(
  { runs, facts, detailsPatienceMs }: EnrichIncidentDeps,
  { incidentId, isRecheck, isAsked }: EnrichmentClaim,
  signal: AbortSignal,
): Promise<void> {
  if (isRecheck) await runs.askAgain(incidentId);
  if (!isAsked || (await facts.areDetailsSettled(incidentId))) return;
  await runs.askAgain(incidentId);
  const deadline = performance.now() + detailsPatienceMs;
  while (performance.now() < deadline && !(await facts.areDetailsSettled(incidentId)))
    await delay(LOOK_MS, undefined, { signal });
}

type StoredEntities = IncidentFacts['entities'];

/** All of them, unless they are very many: then strong ones before weak ones, and what Sentinel itself names first. */
function mostTelling(entities: StoredEntities): StoredEntities {
  if (entities.length <= ENTITIES_MAX) return entities;
  const rank = ({ strength, source }: StoredEntities[number]) =>
    Number(strength === 'weak') * 2 + Number(source === 'text');
  return entities.toSorted((a, b) => rank(a) - rank(b)).slice(0, ENTITIES_MAX);
}

interface Question {
  readonly facts: IncidentFacts;
  readonly entities: readonly Entity[];
  readonly isForced: boolean;
}

/** By the keys of the entities, in their order. */
async function lookUpAll(
  { intelligence, lookUpMs }: EnrichIncidentDeps,
  { facts, entities, isForced }: Question,
  signal: AbortSignal,
): Promise<Map<string, Observation[]>> {
  const options = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(lookUpMs)]),
    force: isForced,
    labels: facts.labels,
    people: peopleOf(facts.entities),
  };
  const found = await Promise.all(
    entities.map(async (entity) => [entity.key, await intelligence.lookUp(entity, options)] as const),
  );
  return new Map(found);
}

function relationsAmong(
  { relations }: IncidentFacts,
  entities: readonly Entity[],
): IncidentFacts['relations'] {
  const keys = new Set(entities.map(({ key }) => key));
  return relations.filter(({ from, to }) => keys.has(from) && keys.has(to));
}

function keysWithout({ entities }: IncidentFacts, verdicts: EnrichmentOutcome['verdicts']): string[] {
  const judged = new Set(verdicts.map(({ key }) => key));
  return entities.map(({ key }) => key).filter((key) => !judged.has(key));
}

function verdictsOf(
  { entities }: IncidentFacts,
  { entities: judged }: Enrichment,
): EnrichmentOutcome['verdicts'] {
  const byKey = new Map(entities.map(({ key, id }) => [key, id]));
  return judged.flatMap(({ key, verdict, score }) => {
    const id = byKey.get(key);
    return id === undefined ? [] : [{ id, key, verdict, risk: Math.round(score) }];
  });
}
