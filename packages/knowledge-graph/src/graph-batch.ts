import type { EntityStrength, EntityType, RelationKind, Verdict } from '@socmate/contracts';

/** All times are milliseconds since 1970: what the graph keeps of them is small. */
export interface GraphEntity {
  readonly key: string;
  readonly type: EntityType;
  readonly value: string;
  readonly strength: EntityStrength;
  readonly aliases: readonly string[];
  readonly first_seen: number;
  readonly last_seen: number;
  readonly verdict: Verdict | null;
  readonly risk: number | null;
}

interface GraphMention {
  /** The entity's key. */
  readonly entity: string;
  readonly role: string;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly count: number;
}

interface GraphAlert {
  readonly key: string;
  readonly title: string | null;
  readonly severity: string | null;
  readonly product: string | null;
  readonly provider_id: string;
}

export interface GraphTechnique {
  readonly key: string;
  readonly name: string;
  readonly tactics: readonly string[];
}

/** An incident with all that it points to: what it pointed to before and is not here any more is taken away. */
export interface GraphIncident {
  readonly key: string;
  readonly number: number;
  readonly provider_id: string;
  readonly provider: string;
  readonly title: string;
  readonly severity: string;
  readonly status: string;
  readonly classification: string | null;
  readonly created_at: number;
  readonly mentions: readonly GraphMention[];
  readonly alerts: readonly GraphAlert[];
  readonly techniques: readonly GraphTechnique[];
}

/** What all incidents together say of one pair. */
export interface GraphRelation {
  readonly kind: RelationKind;
  readonly from: string;
  readonly to: string;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly count: number;
  /** Ids of the workspaces whose incidents say so. */
  readonly providers: readonly string[];
}

/** A piece of the graph as the rows have it; entities that others refer to are among the entities. */
export interface GraphBatch {
  /** Drawn before the rows were read: later reads have higher ones. */
  readonly rev: number;
  readonly entities: readonly GraphEntity[];
  readonly incidents: readonly GraphIncident[];
  readonly relations: readonly GraphRelation[];
  /** Keys of incidents that are no more. */
  readonly goneIncidents: readonly string[];
  /** Whether entities that are as they were get the revision too, so that a sweep leaves them. */
  readonly touchesAll?: boolean | undefined;
}
