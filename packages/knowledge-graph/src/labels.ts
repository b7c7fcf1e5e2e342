import { type EntityType, RelationKind } from '@socmate/contracts';

/** A label for every type of entity, beside `:Entity`. */
export const ENTITY_LABELS: Readonly<Record<EntityType, string>> = {
  ip: 'Ip',
  user: 'User',
  host: 'Host',
  domain: 'Domain',
  hash: 'Hash',
  email: 'Email',
  url: 'Url',
  process: 'Process',
  file: 'File',
  registry_key: 'RegistryKey',
  registry_value: 'RegistryValue',
  cloud_application: 'CloudApplication',
  azure_resource: 'AzureResource',
  malware: 'Malware',
  security_group: 'SecurityGroup',
  mailbox: 'Mailbox',
  mail_message: 'MailMessage',
};

/** Nodes with so many edges are places where everything meets: answered, marked, and not gone through. */
export const HUB_DEGREE = 1_000;

/** What joins incidents, alerts and techniques; entities are joined by relations. */
const INCIDENT_RELATIONSHIPS = ['INVOLVES', 'HAS_ALERT', 'USES'] as const;

export type GraphRelationship = RelationKind | (typeof INCIDENT_RELATIONSHIPS)[number];

export const GRAPH_RELATIONSHIPS: readonly GraphRelationship[] = [
  ...RelationKind.options,
  ...INCIDENT_RELATIONSHIPS,
];
