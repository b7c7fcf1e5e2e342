import attack from './data/attack.json' with { type: 'json' };

export interface Tactic {
  readonly id: string;
  readonly name: string;
  /** As ATT&CK's matrix names it, such as `lateral-movement`. */
  readonly shortName: string;
}

export interface Technique {
  readonly id: string;
  readonly name: string;
  readonly tactics: readonly Tactic[];
  readonly platforms: readonly string[];
  readonly isSubTechnique: boolean;
}

interface StoredTechnique {
  readonly name: string;
  readonly tactics: readonly string[];
  readonly sub: boolean;
  readonly platforms: readonly string[];
}

const stored = new Map(Object.entries<StoredTechnique>(attack.techniques));
const revoked = new Map(Object.entries<string>(attack.revoked));
const tactics = Object.entries(attack.tactics).map(
  ([id, { name, shortname }]): Tactic => ({ id, name, shortName: shortname }),
);
const tacticsByName = new Map(
  tactics.flatMap((tactic) => namesOf(tactic).map((name) => [name, tactic] as const)),
);

/** Whose work the names and ids are; shown wherever they are published. */
export const ATTACK_ATTRIBUTION: string = attack['_attribution'];

/** A technique by its id in any case, a revoked one by what replaced it; undefined where ATT&CK has neither. */
export function techniqueOf(id: string): Technique | undefined {
  const wanted = id.trim().toUpperCase();
  const current = currentId(wanted);
  const found = current === undefined ? undefined : stored.get(current);
  if (current === undefined || found === undefined) return undefined;
  return {
    id: current,
    name: found.name,
    tactics: found.tactics.flatMap((name) => tacticsByName.get(plain(name)) ?? []),
    platforms: found.platforms,
    isSubTechnique: found.sub,
  };
}

/** A tactic by its id, its name or its short name, as Sentinel, Defender and ATT&CK write them. */
export function tacticOf(text: string): Tactic | undefined {
  return tacticsByName.get(plain(text));
}

function currentId(id: string): string | undefined {
  const seen = new Set<string>();
  let current: string | undefined = id;
  while (current !== undefined && !stored.has(current) && !seen.has(current)) {
    seen.add(current);
    current = revoked.get(current);
  }
  return current;
}

function namesOf({ id, name, shortName }: Tactic): string[] {
  return [id, name, shortName].map(plain);
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z\d]/g, '').toLowerCase();
}
