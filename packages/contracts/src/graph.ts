import { z } from 'zod';
import { Verdict } from './enrichment.ts';
import { EntityType, RelationKind } from './entities.ts';
import { ProviderRef } from './incidents.ts';
import { queryInt } from './paging.ts';
import { anyCase, repeatable, text } from './text.ts';

const time = z.iso.datetime();

/** What joins nodes: relations of entities, and what incidents point to. */
export const GraphRelationKind = z
  .enum([...RelationKind.options, 'INVOLVES', 'HAS_ALERT', 'USES'])
  .meta({ id: 'GraphRelationKind' });
export type GraphRelationKind = z.output<typeof GraphRelationKind>;

export const GraphNode = z
  .object({
    key: z.string().meta({ example: 'ip:45.155.205.20' }),
    kind: z.enum(['entity', 'incident', 'alert', 'technique']),
    type: EntityType.nullable(),
    value: z.string().meta({ description: 'Of an entity its value, of anything else its title or name.' }),
    degree: z.int().nullable().meta({
      description: 'How many edges it has in all; null for a key that is limited to workspaces.',
    }),
    properties: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'GraphNode' });
export type GraphNode = z.output<typeof GraphNode>;

export const GraphEdge = z
  .object({
    from: z.string(),
    to: z.string(),
    relation: GraphRelationKind,
    first_seen: time.nullable(),
    last_seen: time.nullable(),
    count: z.int().nullable(),
    role: z.string().nullable(),
  })
  .meta({ id: 'GraphEdge' });
export type GraphEdge = z.output<typeof GraphEdge>;

const surroundings = {
  nodes: z.array(GraphNode).meta({ description: 'Nearest first.' }),
  edges: z.array(GraphEdge),
  truncated: z.boolean().meta({
    description: 'Whether there is more: `limit` was reached, time ran out, or a hub was not gone through.',
  }),
};

export const EntityGraph = z
  .object({
    entity: z.object({
      key: z.string(),
      type: EntityType,
      value: z.string(),
      first_seen: time.nullable(),
      last_seen: time.nullable(),
      incidents: z.int(),
      sessions: z.int(),
      risk: z.int().nullable(),
      verdict: Verdict.nullable(),
      aliases: z.array(z.string()),
    }),
    ...surroundings,
  })
  .meta({ id: 'EntityGraph' });
export type EntityGraph = z.output<typeof EntityGraph>;

export const IncidentGraph = z
  .object({
    incident: z.object({ number: z.int(), provider: z.string(), title: z.string() }),
    ...surroundings,
  })
  .meta({ id: 'IncidentGraph' });
export type IncidentGraph = z.output<typeof IncidentGraph>;

export const RelatedIncidentList = z
  .object({
    incident: z.object({ number: z.int(), provider: z.string(), title: z.string() }),
    items: z.array(
      z.object({
        number: z.int(),
        provider: z.string(),
        title: z.string(),
        severity: z.string(),
        status: z.string(),
        classification: z.string().nullable(),
        score: z.number().meta({
          description: 'Σ ln(N/df) over the strong entities that both name: the rarer, the more each says.',
        }),
        shared: z.array(z.object({ type: EntityType, value: z.string(), incidents: z.int().nullable() })),
      }),
    ),
    truncated: z.boolean(),
  })
  .meta({ id: 'RelatedIncidentList' });
export type RelatedIncidentList = z.output<typeof RelatedIncidentList>;

export const GraphPath = z
  .object({
    length: z.int().nullable().meta({ description: 'In edges; null where no path was found.' }),
    nodes: z.array(GraphNode).meta({ description: 'From one end to the other, both among them.' }),
    edges: z.array(GraphEdge),
    truncated: z.boolean().meta({
      description:
        'Whether hubs, time or limits kept it from looking everywhere: there may be a path, or a shorter one.',
    }),
  })
  .meta({ id: 'GraphPath' });
export type GraphPath = z.output<typeof GraphPath>;

const VALUE_MAX = 2_048;

export const GraphValue = text(VALUE_MAX).meta({
  description:
    'Any name of the entity: its value or key, an alias, defanged, in any case; an IPv6 address in any form; `DOMAIN\\user` or a UPN.',
  example: '45.155.205[.]20',
});

const RelationInAnyCase = z.preprocess(
  (given) => (typeof given === 'string' ? given.toUpperCase() : given),
  GraphRelationKind,
);

export const SurroundingsQuery = z.object({
  depth: queryInt(1, 3).default(1),
  relation: repeatable(RelationInAnyCase).meta({ description: 'Goes along these alone.' }),
  limit: queryInt(1, 500).default(100).meta({ description: 'How many nodes are answered.' }),
  provider: ProviderRef.optional(),
});

export const EntityGraphQuery = SurroundingsQuery.extend({ type: anyCase(EntityType).optional() });
export type EntityGraphQuery = z.output<typeof EntityGraphQuery>;

export const PathQuery = z.object({
  from: GraphValue.meta({ description: 'A name of an entity, or `incident:` and a number.' }),
  to: GraphValue.meta({ description: 'A name of an entity, or `incident:` and a number.' }),
  max_depth: queryInt(1, 6).default(4),
  provider: ProviderRef.optional(),
});
export type PathQuery = z.output<typeof PathQuery>;
