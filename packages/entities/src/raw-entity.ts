import type { Properties } from './properties.ts';

/** One entity as it was sent, with those it refers to by the role they play for it. */
export interface RawEntity {
  readonly kind: string;
  readonly properties: Properties;
  readonly roles: ReadonlyMap<string, readonly RawEntity[]>;
}

export function addRole(roles: Map<string, RawEntity[]>, role: string, entity: RawEntity): void {
  const others = roles.get(role);
  if (others === undefined) roles.set(role, [entity]);
  else others.push(entity);
}
