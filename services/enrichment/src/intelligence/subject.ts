/** What may be asked about: an entity as the gates let it out, a URL without credentials, query and fragment. */
export interface Subject {
  readonly type: SubjectType;
  readonly value: string;
  /** As an entity's key; what caches and flights go by. */
  readonly key: string;
}

/** Names of people and machines are no subjects: they never leave. */
export type SubjectType = 'ip' | 'domain' | 'url' | 'hash';
