import type { Relation, RelationKind } from '@socmate/contracts';
import { normaliseKind } from './kinds.ts';
import type { RawEntity } from './raw-entity.ts';

interface Rule {
  readonly kind: RelationKind;
  /** The relation runs from the entity in the role to the one that refers to it. */
  readonly isReversed?: boolean;
}

const associated: Rule = { kind: 'ASSOCIATED_WITH' };
const associatedBack: Rule = { kind: 'ASSOCIATED_WITH', isReversed: true };

const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  process: {
    host: { kind: 'RAN_ON' },
    account: associatedBack,
    imagefile: { kind: 'IMAGE_OF', isReversed: true },
    parentprocess: { kind: 'CHILD_OF' },
  },
  file: { filehashes: { kind: 'HAS_HASH' }, filehash: { kind: 'HAS_HASH' } },
  registryvalue: { key: { kind: 'PART_OF' } },
  host: { loggedonusers: associatedBack },
  dns: { ipaddresses: { kind: 'RESOLVED_TO' }, ipaddress: { kind: 'RESOLVED_TO' } },
};

const ALIASES: Readonly<Record<string, string>> = { dnsresolution: 'dns' };

/** What an entity states of those it refers to. A session relates those it names to each other. */
export function relationsOf(raw: RawEntity, keyOf: (raw: RawEntity) => string | undefined): Relation[] {
  const name = normaliseKind(raw.kind);
  const rules = RULES[ALIASES[name] ?? name] ?? {};
  const own = keyOf(raw);
  if (own === undefined) return sessionRelations(raw, keyOf);
  return [...raw.roles].flatMap(([role, others]) => {
    const rule = Object.hasOwn(rules, role) ? rules[role] : associated;
    return others.flatMap((other) => toRelation(own, keyOf(other), rule ?? associated));
  });
}

function toRelation(own: string, other: string | undefined, { kind, isReversed }: Rule): Relation[] {
  if (other === undefined || other === own) return [];
  return [isReversed ? { from: other, to: own, kind } : { from: own, to: other, kind }];
}

function sessionRelations(raw: RawEntity, keyOf: (raw: RawEntity) => string | undefined): Relation[] {
  const keysIn = (...roles: string[]) =>
    roles.flatMap((role) => raw.roles.get(role) ?? []).flatMap((each) => keyOf(each) ?? []);
  const users = keysIn('account', 'useraccount');
  const pairs = (others: string[], kind: RelationKind) =>
    users.flatMap((from) => others.map((to): Relation => ({ from, to, kind })));
  return [
    ...pairs(keysIn('host', 'device'), 'ASSOCIATED_WITH'),
    ...pairs(keysIn('ip', 'ipaddress', 'sourceip', 'clientip'), 'SIGNED_IN_FROM'),
  ];
}
