import { z } from 'zod';

/** The types that the API filters by. */
export const FilterableEntityType = z
  .enum(['ip', 'user', 'host', 'domain', 'hash', 'email', 'url', 'process'])
  .meta({ id: 'FilterableEntityType' });
export type FilterableEntityType = z.output<typeof FilterableEntityType>;

export const EntityType = z
  .enum([
    ...FilterableEntityType.options,
    'file',
    'registry_key',
    'registry_value',
    'cloud_application',
    'azure_resource',
    'malware',
    'security_group',
    'mailbox',
    'mail_message',
  ])
  .meta({ id: 'EntityType' });
export type EntityType = z.output<typeof EntityType>;

/** A weak identity means something within its workspace alone, whose name its key carries. */
export const EntityStrength = z.enum(['strong', 'weak']);
export type EntityStrength = z.output<typeof EntityStrength>;

/** Where an entity was read: Sentinel's entities, an alert's own list, or prose. */
export const EntitySource = z.enum(['sentinel', 'alert', 'text']);
export type EntitySource = z.output<typeof EntitySource>;

export const Entity = z
  .object({
    type: EntityType,
    value: z.string().meta({ description: 'For people, in the normal form of its type.' }),
    key: z.string().meta({ example: 'ip:45.155.205.20' }),
    strength: EntityStrength,
    aliases: z.array(z.string()).meta({ description: 'Every key it is known by, its own first.' }),
    attributes: z.record(z.string(), z.unknown()),
    source: EntitySource,
    confidence: z.number().min(0).max(1),
  })
  .meta({ id: 'Entity' });
export type Entity = z.output<typeof Entity>;

export const RelationKind = z.enum([
  'SIGNED_IN_FROM',
  'CONNECTED_TO',
  'RESOLVED_TO',
  'RAN_ON',
  'DOWNLOADED_FROM',
  'COMMUNICATED_WITH',
  'ASSOCIATED_WITH',
  'CHILD_OF',
  'IMAGE_OF',
  'HAS_HASH',
  'PART_OF',
]);
export type RelationKind = z.output<typeof RelationKind>;

/** From one entity's key to another's. */
export const Relation = z.object({ from: z.string(), to: z.string(), kind: RelationKind });
export type Relation = z.output<typeof Relation>;
