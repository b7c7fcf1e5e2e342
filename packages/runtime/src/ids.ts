import { monotonicFactory } from 'ulid';

export type IdPrefix =
  | 'prv'
  | 'key'
  | 'inc'
  | 'alr'
  | 'evt'
  | 'whe'
  | 'dlv'
  | 'rec'
  | 'att'
  | 'aud'
  | 'lst'
  | 'req'
  | 'wrk'
  | 'cmt'
  | 'chg'
  | 'enr';

/** Prefixed ULIDs: unique, and ordered by the time of their making within a process. */
export interface Ids {
  next<P extends IdPrefix>(prefix: P): `${P}_${string}`;
}

export function createIds(): Ids {
  const ulid = monotonicFactory();
  return { next: (prefix) => `${prefix}_${ulid()}` };
}
