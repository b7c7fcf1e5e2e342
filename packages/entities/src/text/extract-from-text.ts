import type { Entity, Relation } from '@socmate/contracts';
import { deriveUrlHost } from '../derived.ts';
import { createEntity, type Described, type Sighting } from '../entity.ts';
import { createUnreadTally, settle } from '../graph-reader.ts';
import { describePath, describeRegistryPath } from '../machine-kinds.ts';
import { describeAccountName, describeHostName, describeSid } from '../names.ts';
import { describeDomain, describeEmail, describeHash, describeIp, describeUrl } from '../values.ts';
import { readIpv4, readIpv6, readMacs } from './addresses-in-text.ts';
import { readDomains } from './domains-in-text.ts';
import { readEmails, readSids } from './emails-in-text.ts';
import { claimFuzzyHashes, readCves, readHashes, readTechniques } from './hashes-in-text.ts';
import { createScan, type Mention, type MentionKind } from './mention.ts';
import { readAccounts, readHosts } from './names-in-text.ts';
import { readFilePaths, readRegistryKeys } from './paths-in-text.ts';
import { refang } from './refang.ts';
import { readUrls } from './urls-in-text.ts';

export interface Extraction {
  readonly entities: Entity[];
  readonly relations: Relation[];
  /** Everything that was found where it was found, also what is no entity, such as a CVE. */
  readonly mentions: Mention[];
  readonly techniques: string[];
}

// What reads first has the place: a URL is no file path, and the server of a path no account.
const READERS = [
  claimFuzzyHashes,
  readUrls,
  readEmails,
  readRegistryKeys,
  readFilePaths,
  readAccounts,
  readSids,
  readMacs,
  readIpv6,
  readIpv4,
  readHosts,
  readDomains,
  readHashes,
  readCves,
  readTechniques,
];

/** Finds what prose, a query or a log line names, defanged or not, in time linear to its length. Never throws. */
export function extractFromText(text: string, workspace: string): Extraction {
  const mentions = findMentions(text);
  const distinct = new Map(mentions.map((mention) => [`${mention.kind}:${mention.value}`, mention]));
  const sightings = [...distinct.values()].flatMap((mention) => toEntity(mention, workspace));
  const derived = sightings.filter(({ type }) => type === 'url');
  const relations = derived.flatMap((url) => deriveUrlHost(url, sightingOf('url', workspace)).relations);
  const { entities, relations: settled } = settle(sightings, relations, createUnreadTally());
  const present = new Set(entities.map(({ key }) => key));
  const techniques = mentions.filter(({ kind }) => kind === 'technique').map(({ value }) => value);
  return {
    entities,
    relations: settled.filter(({ from, to }) => present.has(from) && present.has(to)),
    mentions,
    techniques: [...new Set(techniques)].sort(),
  };
}

/** In the order of the text. */
export function findMentions(text: string): Mention[] {
  const scan = createScan(refang(text));
  for (const read of READERS) read(scan);
  return scan.mentions.sort((a, b) => a.start - b.start || b.end - a.end);
}

const CONFIDENCE: Readonly<Record<MentionKind, number>> = {
  ipv4: 0.9,
  ipv6: 0.9,
  cidr: 0.9,
  domain: 0.7,
  url: 0.9,
  email: 0.9,
  md5: 0.9,
  sha1: 0.9,
  sha256: 0.95,
  sha512: 0.95,
  cve: 0.95,
  mac: 0.9,
  registry_key: 0.9,
  file_path: 0.8,
  upn: 0.8,
  account: 0.8,
  sid: 0.9,
  host: 0.6,
  technique: 0.9,
};

const sightingOf = (kind: MentionKind, workspace: string): Sighting => ({
  workspace,
  source: 'text',
  confidence: CONFIDENCE[kind],
});

const DESCRIBERS: Readonly<
  Partial<Record<MentionKind, (value: string, workspace: string) => Described | undefined>>
> = {
  ipv4: describeIp,
  ipv6: describeIp,
  domain: describeDomain,
  url: describeUrl,
  email: describeEmail,
  md5: (value) => describeHash(value),
  sha1: (value) => describeHash(value),
  sha256: (value) => describeHash(value),
  sha512: (value) => describeHash(value),
  registry_key: describeRegistryPath,
  file_path: describePath,
  upn: describeAccountName,
  account: describeAccountName,
  sid: describeSid,
  host: describeHostName,
};

function toEntity({ kind, value }: Mention, workspace: string): Entity[] {
  const described = DESCRIBERS[kind]?.(value, workspace);
  const entity = described && createEntity(described, sightingOf(kind, workspace));
  return entity === undefined ? [] : [entity];
}
