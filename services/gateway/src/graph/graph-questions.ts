import type { EntityType } from '@socmate/contracts';
import {
  countEntityIncidents,
  createEntities,
  type Incidents,
  type Pool,
  type SiemProviders,
  type StoredEntity,
} from '@socmate/database';
import { lookupKeys } from '@socmate/entities';
import type { Principal } from '@socmate/http';
import { type Graph, isTooLong } from '@socmate/knowledge-graph';
import { AppError, invalidField, notFound } from '@socmate/runtime';
import { namedProviders, visibleProviders } from '../visible-providers.ts';

export interface GraphQuestionsDeps {
  readonly pool: Pool;
  readonly incidents: Pick<Incidents, 'byNumber'>;
  readonly providers: Pick<SiemProviders, 'resolve'>;
  /** Undefined where none is configured. */
  readonly graph: Graph | undefined;
}

export interface EntityRef {
  readonly value: string;
  readonly type?: EntityType | undefined;
  readonly provider?: string | undefined;
}

interface VisibleEntity extends StoredEntity {
  /** How many incidents that the principal may see name it. */
  readonly incidents: number;
}

/** What routes about the graph ask before they ask the graph. */
export interface GraphQuestions {
  entity(ref: EntityRef, principal: Principal): Promise<VisibleEntity>;
  incident(
    ref: { number: number; provider?: string | undefined },
    principal: Principal,
  ): Promise<{ id: string; number: number; provider: string; title: string }>;
  /** 503 while Neo4j is away, or where a question takes too long. */
  ask<T>(question: (graph: Graph) => Promise<T>): Promise<T>;
}

const RETRY_AFTER_S = 5;
const NO_GRAPH =
  'there is no knowledge graph: set NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD; a local run starts its own where there are Java 17 or 21 and Maven';

export function createGraphQuestions(deps: GraphQuestionsDeps): GraphQuestions {
  const entities = createEntities(deps.pool);
  return {
    entity: async ({ value, type, provider }, principal) => {
      const workspaces = await workspacesOf(deps, provider, principal);
      const keys = [...new Set(workspaces.flatMap((id) => lookupKeys(value, id)))];
      const found = keys.length > 0 ? await entities.find({ keys, type }) : undefined;
      const view = visibleProviders(principal);
      const incidents = found ? await countEntityIncidents(deps.pool, found.id, view) : 0;
      if (!found || (view && incidents === 0))
        throw new AppError('not_found', 'no such entity has been seen');
      return { ...found, incidents };
    },
    incident: async ({ number, provider }, principal) => {
      const providerIds = await namedProviders(deps.providers, principal, provider);
      const found = await deps.incidents.byNumber({ number, providerIds });
      if (!found) throw notFound('incident', number);
      return found;
    },
    ask: async (question) => {
      if (!deps.graph) throw new AppError('unavailable', NO_GRAPH, { retryAfterS: 60 });
      try {
        return await question(deps.graph);
      } catch (cause) {
        if (!isTooLong(cause)) throw cause;
        throw new AppError('unavailable', 'the graph took too long to answer', {
          cause,
          retryAfterS: RETRY_AFTER_S,
        });
      }
    },
  };
}

/** The workspaces in which a weak name is looked for: the one that is named, or the default one. */
async function workspacesOf(
  { providers }: GraphQuestionsDeps,
  ref: string | undefined,
  principal: Principal,
): Promise<readonly string[]> {
  const named = (await namedProviders(providers, principal, ref ?? 'sentinel')) ?? [];
  if (named.length > 0) return named;
  if (ref !== undefined) throw invalidField(['query', 'provider'], 'names no workspace', 'unknown_provider');
  return visibleProviders(principal)?.slice(0, 1) ?? [''];
}
