import type { Entity, Observation } from '@socmate/contracts';
import type { Families } from './evidence-families.ts';
import type { MergedVerdict } from './merge-verdicts.ts';
import { PRIVILEGED_ACCOUNTS, privilegesOf } from './privileged-accounts.ts';
import type { Claim } from './score-lines.ts';
import { type Listing, listingsOf, TENANT_LISTS } from './tenant-lists.ts';

export interface JudgedEntity {
  readonly entity: Entity;
  readonly observations: readonly Observation[];
  readonly merged: MergedVerdict;
}

/** What each kind of fact counts for. */
export const POINTS = {
  malicious: 25,
  suspicious: 10,
  hint: 5,
  watch: 20,
  privileged: 15,
  approved: -20,
  allow: -5,
  knownGood: -5,
} as const;

/** Everything that an entity adds to the score or takes from it. */
export function claimsOf(judged: JudgedEntity, families: Families): Claim[] {
  return [
    ...verdictClaims(judged, families.of(judged.entity.key)),
    ...listClaims(judged),
    ...accountClaims(judged),
    ...(families.isHosting(judged.entity.key) ? [] : knownGoodClaims(judged)),
  ];
}

function verdictClaims({ entity, merged }: JudgedEntity, family: string): Claim[] {
  const { verdict, supporting } = merged;
  if (verdict !== 'malicious' && verdict !== 'suspicious') return [];
  return [
    {
      family: `indicator ${family}`,
      entityKey: entity.key,
      points: POINTS[verdict === 'suspicious' && supporting.every(isHint) ? 'hint' : verdict],
      reason: `${nameOf(entity)} ${verdict} (${tellWho(supporting)})`,
      evidence: evidenceOf(entity, supporting),
    },
  ];
}

/** By a source that is not usually reliable. */
const isHint = ({ reliability }: Observation): boolean => reliability > 'C';

function listClaims({ entity, observations }: JudgedEntity): Claim[] {
  const byList = Map.groupBy(listingsOf(observations), ({ list }) => list);
  return [...byList.values()].flatMap((listings) => {
    const listing = closest(listings);
    const said = listing && LISTED[listing.list];
    if (listing === undefined || said === undefined) return [];
    const { points, words } = said;
    return {
      family: points > 0 ? `watched ${listing.key}` : 'expected',
      entityKey: entity.key,
      points,
      reason: `${nameOf(entity)} ${words}`,
      evidence: [`list:${listing.list}/${listing.key}`, `entity:${entity.key}/${TENANT_LISTS}`],
    };
  });
}

/** Of a range and what it holds, several entries of one list say the same. */
const closest = (listings: readonly Listing[]): Listing | undefined =>
  listings.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];

const lengthOf = ({ key }: Listing): number => Number(/^ip:.*\/(\d+)$/.exec(key)?.[1] ?? Infinity);

const LISTED: Readonly<Partial<Record<Listing['list'], { points: number; words: string }>>> = {
  watch: { points: POINTS.watch, words: 'is on the watch list' },
  approved: { points: POINTS.approved, words: 'is approved' },
  allow: { points: POINTS.allow, words: 'is on the allow list' },
};

function accountClaims({ entity, observations }: JudgedEntity): Claim[] {
  const privileges = privilegesOf(observations);
  if (privileges.length === 0) return [];
  return [
    {
      family: 'privileged account',
      entityKey: entity.key,
      points: POINTS.privileged,
      reason: `privileged ${nameOf(entity)} (${privileges.slice(0, 3).join(', ')})`,
      evidence: [`entity:${entity.key}/${PRIVILEGED_ACCOUNTS}`],
    },
  ];
}

// Of addresses alone: known-good files and domains are part of most attacks.
function knownGoodClaims({ entity, merged }: JudgedEntity): Claim[] {
  if (entity.type !== 'ip' || merged.verdict !== 'benign') return [];
  const told = merged.supporting.filter((each) => each.provider !== TENANT_LISTS && !isOfThePlatform(each));
  if (told.length === 0) return [];
  return [
    {
      family: 'known good',
      entityKey: entity.key,
      points: POINTS.knownGood,
      reason: `${nameOf(entity)} known good (${told.map(({ provider }) => provider).join(', ')})`,
      evidence: evidenceOf(entity, told),
    },
  ];
}

const isOfThePlatform = ({ provider }: Observation): boolean => provider === 'address-class';

const VALUE_MAX = 100;

function nameOf({ type, value }: Entity): string {
  return `${type} ${value.length > VALUE_MAX ? `${value.slice(0, VALUE_MAX).toWellFormed()}…` : value}`;
}

const tellWho = (observations: readonly Observation[]): string =>
  observations
    .map(({ provider, score }) => (score === null ? provider : `${provider} ${Math.round(score)}`))
    .join(', ');

const evidenceOf = ({ key }: Entity, observations: readonly Observation[]): string[] =>
  observations.map(({ provider }) => `entity:${key}/${provider}`);
