import { registrableDomain } from '@socmate/entities';
import { BRANDS } from './brands.ts';
import { editDistance } from './edit-distance.ts';
import { mixesScripts, skeletonOf, unicodeOf } from './letter-shapes.ts';
import { hostOf } from './named-host.ts';
import type { Finding, OfflineProvider } from './observe.ts';

interface Target {
  readonly word: string;
  readonly skeleton: string;
  /** The tenant's own. */
  readonly isOwn: boolean;
}

interface Candidate {
  readonly host: string;
  /** The name that somebody registered, without what it is registered under. */
  readonly label: string;
  readonly skeleton: string;
  /** A customer of a provider chose the label: as often as not the tenant itself. */
  readonly isHosted: boolean;
}

/** Domains and applications whose names imitate the tenant's own domains or those that people are used to trust. */
export function createLookAlikes(ownDomains: readonly string[]): OfflineProvider {
  const own = [...new Set(ownDomains.map((domain) => registrableDomain(domain) ?? domain))].sort();
  const trusted = [...own, ...BRANDS.flatMap(({ domains }) => domains)];
  const targets = targetsOf(own);
  return {
    name: 'look-alike',
    find(entity) {
      if (entity.type === 'cloud_application') return judgeName(entity.value, targets);
      const host = hostOf(entity);
      if (host === undefined || isBelow(host, trusted)) return undefined;
      return judgeHost(candidateOf(host), { targets, trusted });
    },
  };
}

function targetsOf(own: readonly string[]): Target[] {
  const toTarget = (word: string, isOwn: boolean): Target => ({ word, skeleton: skeletonOf(word), isOwn });
  return [
    ...own.map((domain) => toTarget(labelOf(domain), true)),
    ...BRANDS.flatMap(({ words }) => words.map((word) => toTarget(word, false))),
  ];
}

const isBelow = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

const labelOf = (registrable: string): string => registrable.slice(0, registrable.indexOf('.'));

function candidateOf(host: string): Candidate {
  const label = labelOf(registrableDomain(host) ?? host);
  // Below a shared suffix every name counts as registered, so that one more label makes another name.
  const isHosted = registrableDomain(`x.${host}`) === `x.${host}`;
  return { host, label, skeleton: skeletonOf(unicodeOf(label)), isHosted };
}

interface Known {
  readonly targets: readonly Target[];
  readonly trusted: readonly string[];
}

function judgeHost(candidate: Candidate, { targets, trusted }: Known): Finding | undefined {
  const { host, label } = candidate;
  const posed = trusted.find((domain) => host.startsWith(`${domain}.`) || host.includes(`.${domain}.`));
  if (posed !== undefined)
    return found('C', 65, { imitates: posed, by: 'its name in front of another domain' });
  const shaped = targets.find((target) => hasShapeOf(candidate, target));
  if (shaped !== undefined) return found('C', 65, { imitates: shaped.word, by: 'letters that look alike' });
  const moved = targets.find(({ isOwn, word }) => isOwn && word === label && !candidate.isHosted);
  if (moved !== undefined) return found('D', 45, { imitates: moved.word, by: 'the same name elsewhere' });
  const mistyped = targets.find(({ word }) => isMistyped(label, word));
  if (mistyped !== undefined) return found('D', 50, { imitates: mistyped.word, by: 'a name one slip away' });
  const lured = targets.find((target) => isLure(candidate, target));
  if (lured !== undefined) return found('D', 40, { imitates: lured.word, by: 'its name beside other words' });
  if (mixesScripts(unicodeOf(label))) return found('D', 45, { by: 'letters of several scripts in a word' });
  return undefined;
}

const hasShapeOf = ({ label, skeleton }: Candidate, target: Target): boolean =>
  label !== target.word && target.word.length >= 4 && skeleton === target.skeleton;

/** One slip in a word of six letters, two in one of twelve; its plural is a word of its own. */
function isMistyped(label: string, word: string): boolean {
  const most = word.length >= 12 ? 2 : word.length >= 6 ? 1 : 0;
  if (most === 0 || label === word || label === `${word}s`) return false;
  return editDistance(label, word, most) <= most;
}

const LURES = new Set(
  (
    'account accounts admin alert auth billing cloud connect doc docs drive file files help helpdesk hr id identity ' +
    'invoice login logon mail mfa notice office online pay payment payroll portal reset secure security service ' +
    'share signin sso support sync team update verification verify vpn web'
  ).split(' '),
);

// A brand's name is part of many honest names; beside what only the brand itself would offer it is a lure.
function isLure({ skeleton, isHosted }: Candidate, { skeleton: word, isOwn }: Target): boolean {
  const parts = skeleton.split('-');
  if (word.length < 5 || parts.length < 2 || !parts.includes(word)) return false;
  return (isOwn && !isHosted) || parts.some((part) => part !== word && LURES.has(part));
}

function judgeName(name: string, targets: readonly Target[]): Finding | undefined {
  const words = name.split(/[\s\-_.]+/u).filter((word) => word !== '');
  const mixed = words.filter(mixesScripts);
  if (mixed.length === 0) return undefined;
  const shaped = targets.find(({ skeleton }) => mixed.some((word) => skeletonOf(word) === skeleton));
  if (shaped === undefined) return found('D', 45, { by: 'letters of several scripts in a word' });
  return found('C', 65, { imitates: shaped.word, by: 'letters that look alike' });
}

interface Imitation {
  readonly imitates?: string;
  readonly by: string;
}

function found(reliability: 'C' | 'D', score: number, imitation: Imitation): Finding {
  const { imitates, by } = imitation;
  const summary = imitates === undefined ? by : `looks like ${imitates}: ${by}`;
  const context = imitates === undefined ? {} : { looks_like: imitates };
  return { reliability, verdict: 'suspicious', score, summary, evidence: { ...imitation }, context };
}
