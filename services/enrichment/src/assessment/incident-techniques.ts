import type { Enrichment } from '@socmate/contracts';
import { type Tactic, tacticOf, techniqueOf } from '@socmate/entities';
import { compareText } from './merge-verdicts.ts';

/** Each once, by id; revoked ones are replaced, and what ATT&CK does not have is left out. */
export function readTechniques(ids: readonly string[]): Enrichment['techniques'] {
  const known = ids.map(techniqueOf).filter((each) => each !== undefined);
  const byId = new Map(known.map((each) => [each.id, each]));
  return [...byId.values()]
    .sort((a, b) => compareText(a.id, b.id))
    .map(({ id, name, tactics }) => ({ id, name, tactics: tactics.map(nameTactic) }));
}

/** Each once and as Sentinel writes it; those of the techniques where none is given. */
export function readTactics(names: readonly string[], techniques: Enrichment['techniques']): string[] {
  const given = readNames(names);
  return given.length > 0 ? given : readNames(techniques.flatMap(({ tactics }) => tactics));
}

const readNames = (names: readonly string[]): string[] =>
  [
    ...new Set(
      names
        .map(tacticOf)
        .filter((each) => each !== undefined)
        .map(nameTactic),
    ),
  ].sort();

/** `CommandAndControl`, as Sentinel writes it. */
const nameTactic = ({ name }: Tactic): string =>
  name.replace(/(?:^| )([a-z])/gi, (_, first: string) => first.toUpperCase());
