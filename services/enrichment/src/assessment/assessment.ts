import type {
  Enrichment,
  Entity,
  ListEntry,
  Observation,
  Priority,
  Relation,
  Severity,
  Verdict,
} from '@socmate/contracts';

/** An entry of a tenant's list. A value may be a range of addresses; a domain stands for all below it. */
export type ListedEntry = Pick<ListEntry, 'list' | 'type' | 'value' | 'key' | 'note' | 'ends_at'>;

/** What incidents before this one say of an entity. */
export interface EntityHistory {
  /** The entity's. */
  readonly key: string;
  /** How many other incidents it was in. */
  readonly incidents: number;
  readonly first_seen: string;
  readonly last_seen: string;
  /** How people classified those incidents, such as `true_positive: 2`. */
  readonly classifications: Readonly<Record<string, number>>;
  /** What our own earlier enrichments thought of it: shown, never scored. */
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
}

/** What is known here, read by the caller. */
export interface AssessmentFacts {
  readonly lists: readonly ListedEntry[];
  readonly history: readonly EntityHistory[];
  /** Among the incident's entities, by their keys. */
  readonly relations: readonly Relation[];
}

interface AssessedIncident {
  readonly number: number;
  readonly severity: Severity;
  /** Its own and its alerts', in any spelling of Sentinel or ATT&CK. */
  readonly tactics: readonly string[];
  /** Its own, its alerts' and those that its texts name; revoked ones are replaced. */
  readonly techniques: readonly string[];
}

export interface AssessmentInput {
  readonly now: Date;
  readonly incident: AssessedIncident;
  readonly entities: readonly Entity[];
  /** What online providers said, by the key of the entity. */
  readonly observations: ReadonlyMap<string, readonly Observation[]>;
  readonly facts: AssessmentFacts;
  readonly related: Enrichment['related_incidents'];
}

export type Assessment = Pick<Enrichment, 'risk' | 'entities' | 'techniques'> & {
  readonly priority: Priority;
};

/** Makes no request and reads no clock: the same input has the same assessment, byte for byte. */
export type Assess = (input: AssessmentInput) => Assessment;
