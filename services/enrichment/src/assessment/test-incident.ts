import {
  type Entity,
  type Observation,
  ObservationStatus,
  type Relation,
  Reliability,
  Verdict,
} from '@socmate/contracts';
import type { AssessmentInput, ListedEntry } from './assessment.ts';

/** A sequence that is the same for a seed on every machine (mulberry32). */
export function createRandom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const several = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const shuffled = <T>(values: readonly T[]): T[] =>
    values
      .map((value) => ({ value, at: next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  return { below, oneOf, several, shuffled };
}
export type Random = ReturnType<typeof createRandom>;

export const NOW = new Date('2026-04-11T08:00:00.000Z');

export const anEntity = (type: Entity['type'], value: string, more: Partial<Entity> = {}): Entity => ({
  type,
  value,
  key: `${type}:${value}`,
  strength: 'strong',
  aliases: [`${type}:${value}`],
  attributes: {},
  source: 'sentinel',
  confidence: 1,
  ...more,
});

export const anObservation = (more: Partial<Observation> = {}): Observation => ({
  provider: 'virustotal',
  status: 'known',
  verdict: 'malicious',
  score: 90,
  reliability: 'B',
  summary: 'said so',
  observed_at: NOW.toISOString(),
  expires_at: null,
  cached: false,
  simulated: false,
  link: null,
  evidence: {},
  ...more,
});

export const aListing = (list: ListedEntry['list'], type: Entity['type'], value: string): ListedEntry => ({
  list,
  type,
  value,
  key: `${type}:${value}`,
  note: null,
  ends_at: null,
});

interface InputParts extends Partial<Omit<AssessmentInput, 'facts' | 'incident'>> {
  readonly facts?: Partial<AssessmentInput['facts']>;
  readonly incident?: Partial<AssessmentInput['incident']>;
}

export const anInput = ({ facts, incident, ...more }: InputParts = {}): AssessmentInput => ({
  now: NOW,
  incident: { number: 7, severity: 'medium', tactics: [], techniques: [], ...incident },
  entities: [],
  observations: new Map(),
  facts: { lists: [], history: [], relations: [], ...facts },
  related: [],
  ...more,
});

const PROVIDERS = ['virustotal', 'abuseipdb', 'greynoise', 'otx', 'threatfox', 'misp', 'rdap'];

export const randomObservation = (random: Random, provider = random.oneOf(PROVIDERS)): Observation =>
  anObservation({
    provider,
    status: random.oneOf([...ObservationStatus.options, 'known', 'known', 'known']),
    verdict: random.oneOf(Verdict.options),
    score: random.oneOf([null, random.below(101)]),
    reliability: random.oneOf(Reliability.options),
  });

function randomEntity(random: Random): Entity {
  const domain = `${random.oneOf(['a', 'b', 'cdn.a', 'mail.b'])}.${random.oneOf(['example', 'test'])}.com`;
  const address = `45.155.205.${random.below(6)}`;
  const name = random.oneOf(['adele', 'megan', 'lee']);
  return random.oneOf([
    () => anEntity('ip', address),
    () => anEntity('domain', domain),
    () => anEntity('url', `https://${random.oneOf([domain, address])}/${random.below(3)}`),
    () => anEntity('email', `${name}@${domain}`),
    () => anEntity('hash', `${random.below(4)}`.repeat(64)),
    () => anEntity('file', `C:\\Temp\\${random.below(4)}.exe`),
    () => anEntity('process', `powershell.exe -enc ${'A'.repeat(24)}${random.below(4)}`),
    () =>
      anEntity('user', `${name}@contoso.com`, {
        attributes: random.oneOf([{}, { sensitive: 'True' }, { assigned_roles: ['Global Administrator'] }]),
      }),
  ])();
}

const KINDS: readonly Relation['kind'][] = [
  'RESOLVED_TO',
  'PART_OF',
  'HAS_HASH',
  'CHILD_OF',
  'SIGNED_IN_FROM',
  'ASSOCIATED_WITH',
];

/** Entities that have to do with each other, with all kinds of opinions on them. */
export function randomInput(random: Random, entitiesMax = 9): AssessmentInput {
  const made = random.several(entitiesMax, () => randomEntity(random));
  const entities = [...new Map(made.map((entity) => [entity.key, entity])).values()];
  const keys = entities.map(({ key }) => key);
  const tactics = random.several(4, () =>
    random.oneOf(['InitialAccess', 'Impact', 'Discovery', 'Collection']),
  );
  const techniques = random.several(3, () => random.oneOf(['T1078', 'T1530', 'T1046', 'T1086']));
  return anInput({
    entities,
    observations: new Map(keys.map((key) => [key, randomOpinions(random)])),
    facts: { lists: randomLists(random, entities), relations: randomRelations(random, keys) },
    related: random.several(3, () => randomRelated(random)),
    incident: { tactics, techniques },
  });
}

const randomOpinions = (random: Random): Observation[] =>
  PROVIDERS.filter(() => random.below(3) === 0).map((provider) => randomObservation(random, provider));

const LISTS = ['allow', 'watch', 'internal', 'approved'] as const;

const randomLists = (random: Random, entities: readonly Entity[]): ListedEntry[] =>
  entities
    .filter(() => random.below(4) === 0)
    .map(({ type, value }) => aListing(random.oneOf(LISTS), type, value));

const randomRelations = (random: Random, keys: readonly string[]): Relation[] =>
  random
    .several(keys.length, () => ({
      from: random.oneOf(keys),
      to: random.oneOf(keys),
      kind: random.oneOf(KINDS),
    }))
    .filter(({ from, to }) => from !== to);

const randomRelated = (random: Random): AssessmentInput['related'][number] => ({
  number: random.below(50),
  provider: 'prod',
  title: 'another',
  classification: random.oneOf([null, 'true_positive', 'benign_positive', 'undetermined']),
  score: 3,
  shared: [],
});
