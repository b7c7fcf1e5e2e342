import type { Entity } from '@socmate/contracts';

const PEOPLE = new Set<string>(['user', 'email', 'mailbox']);

/** Identities that hold no name. */
const OPAQUE = /^(?:user|mailbox):(?:sid|entra|object|puid|id):/;

/** `user:jdoe@prv_01…` is a name within its workspace. */
const nameOf = (alias: string): string => alias.slice(alias.indexOf(':') + 1).replace(/@prv_\w+$/, '');

/** Every name that the incident's people go by: what of them may stand in no question to a provider. */
export function peopleOf(entities: readonly Pick<Entity, 'type' | 'value' | 'aliases'>[]): string[] {
  const names = entities
    .filter(({ type }) => PEOPLE.has(type))
    .flatMap(({ value, aliases }) => [value, ...aliases.filter((alias) => !OPAQUE.test(alias)).map(nameOf)]);
  return [...new Set(names)];
}
