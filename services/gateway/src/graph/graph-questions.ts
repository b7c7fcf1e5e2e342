import type { EntityType } from '@socmate/contracts';
import {
  countEntityIncidents,
  createEntities,
  type Incidents,
  type Pool,
  type SiemProviders,
  type StoredEntity,
} from '@socmate/database';
import { isWeakKey, lookupKeys } from '@socmate/entities';
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
  /** Where a fault is told to be; `value` unless it says otherwise. */
  readonly field?: 'value' | 'from' | 'to';
}

interface VisibleEntity extends StoredEntity {
  /** How many incidents that the principal may see name it. */
  readonly incidents: number;
}

/** What routes about the graph ask before they ask the graph. */
export interface GraphQuestions {
  /** 404 where no incident that the principal may see names it. */
  entity(ref: EntityRef, principal: Principal): Promise<VisibleEntity>;
  incident(
    ref: { number: number; provider?: string | undefined },
    principal: Principal,
  ): Promise<{ id: string; number: number; provider: string; title: string }>;
  /** 503 while Neo4j is away, or where a question takes too long. */
  ask<T>(question: (graph: Graph) => Promise<T>): Promise<T>;
}

const RETRY_AFTER_S = 5;
const NO_GRAPH = 'this system runs without a knowledge graph: its operator may give it one';

export function createGraphQuestions(deps: GraphQuestionsDeps): GraphQuestions {
  const entities = createEntities(deps.pool);
  return {
    entity: async (ref, principal) => {
      const keys = await keysOf(deps, ref, principal);
      const providerIds = visibleProviders(principal);
      const question = { keys, type: ref.type, providerIds };
      const found = keys.length > 0 ? await entities.find(question) : undefined;
      if (!found) throw new AppError('not_found', unseen(ref));
      return { ...found, incidents: await countEntityIncidents(deps.pool, found.id, providerIds) };
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
        const isAway = cause instanceof AppError && cause.code === 'unavailable';
        if (!isAway && !isTooLong(cause)) throw cause;
        // How to mend it is for its operator, whom /health/ready tells.
        const what = isAway ? 'the knowledge graph does not answer' : 'the graph took too long to answer';
        throw new AppError('unavailable', what, { cause, retryAfterS: RETRY_AFTER_S });
      }
    },
  };
}

const unseen = ({ field, type }: EntityRef): string => {
  const what = type === undefined ? 'no such entity' : `no such entity of type ${type}`;
  return field === undefined ? `${what} has been seen` : `${field}: ${what} has been seen`;
};

const WEAK = /^(?<name>\w+:.+)@(?<workspace>[^@]+)$/s;

/** Under which an entity may be found; a weak one is also written with the name of its workspace. */
async function keysOf(deps: GraphQuestionsDeps, ref: EntityRef, principal: Principal): Promise<string[]> {
  const { name = '', workspace } = WEAK.exec(ref.value.trim())?.groups ?? {};
  const ids = workspace && (await namedProviders(deps.providers, principal, workspace));
  const ofNamed = ids ? ids.flatMap((id) => lookupKeys(name, id)).filter(isWeakKey) : [];
  const workspaces = await workspacesOf(deps, ref.provider, principal);
  return [...new Set([...ofNamed, ...workspaces.flatMap((id) => lookupKeys(ref.value, id))])];
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
