import type { Entity, Relation } from '@socmate/contracts';
import { accountKeys } from './account-identity.ts';
import { createEntity, type Described, type Sighting } from './entity.ts';
import { normaliseKind } from './kinds.ts';
import type { Properties } from './properties.ts';
import type { RawEntity } from './raw-entity.ts';
import { readUrl } from './urls.ts';
import { describeDomain, describeEmail, describeIp, describeUrl, normaliseEmail } from './values.ts';

const CONFIDENCE = 0.8;

interface Derived {
  readonly entities: Entity[];
  readonly relations: Relation[];
}

/** What stands in an entity's properties rather than beside it: the host of a URL, a message's sender, a host's address. */
export function derivedFrom(
  raws: readonly RawEntity[],
  entityOf: (raw: RawEntity) => Entity | undefined,
  sighting: Sighting,
): Derived {
  const found: Derived = { entities: [], relations: [] };
  for (const raw of raws) {
    const owner = entityOf(raw);
    if (owner !== undefined) deriveFromOne(owner, propertiesOf(raw, sighting.workspace), sighting, found);
  }
  return found;
}

/** The host that a URL names. */
export function deriveUrlHost(url: Entity, sighting: Sighting): Derived {
  const found: Derived = { entities: [], relations: [] };
  deriveFromOne(url, [], sighting, found);
  return found;
}

function deriveFromOne(owner: Entity, told: readonly Described[], sighting: Sighting, found: Derived): void {
  for (const described of told) {
    const entity = createEntity(described, { ...sighting, confidence: sighting.confidence * CONFIDENCE });
    if (entity === undefined) continue;
    found.entities.push(entity);
    found.relations.push({ from: owner.key, to: entity.key, kind: 'ASSOCIATED_WITH' });
    if (entity.type === 'url') deriveFromOne(entity, [], sighting, found);
  }
  if (owner.type !== 'url') return;
  const host = urlHost(owner.value, sighting.workspace);
  const entity = host && createEntity(host, { ...sighting, confidence: owner.confidence });
  if (entity === undefined) return;
  found.entities.push(entity);
  found.relations.push({ from: owner.key, to: entity.key, kind: 'PART_OF' });
}

function urlHost(value: string, workspace: string): Described | undefined {
  const url = readUrl(value);
  if (url?.hostKind === 'ip') return describeIp(url.host, workspace);
  return url?.hostKind === 'domain' ? describeDomain(url.host) : undefined;
}

function propertiesOf({ kind, properties }: RawEntity, workspace: string): Described[] {
  const name = normaliseKind(kind);
  const ips = (...names: string[]) => names.map((each) => describeIp(properties.text(each) ?? '', workspace));
  if (name === 'host')
    return ips('lastexternalipaddress', 'lastipaddress').filter((each) => each !== undefined);
  if (name === 'mailbox') return mailboxOwner(properties, workspace);
  if (name !== 'mailmessage' && name !== 'submissionmail') return [];
  const emails = ['sender', 'p1sender', 'p2sender', 'recipient', 'submitter'].map((each) =>
    describeEmail(properties.text(each) ?? ''),
  );
  const found = [...emails, ...urlsOf(properties, workspace), ...ips('senderip')];
  return found.filter((each) => each !== undefined);
}

function mailboxOwner(properties: Properties, workspace: string): Described[] {
  const upn = properties.text('upn');
  if (upn === undefined || normaliseEmail(upn) === undefined) return [];
  const names = { upn, entraId: properties.text('externaldirectoryobjectid', 'aadid') };
  return [{ type: 'user', value: upn.toLowerCase(), identifiers: accountKeys(names, workspace) }];
}

const urlsOf = (properties: Properties, workspace: string): (Described | undefined)[] =>
  properties.list('urls').map((url) => (typeof url === 'string' ? describeUrl(url, workspace) : undefined));
