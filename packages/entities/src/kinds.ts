import { accountKeys, principalName, readGuid, readSid } from './account-identity.ts';
import type { DescribeKind } from './describe-kind.ts';
import { fullName, hostKeys } from './host-identity.ts';
import { strongKey, weakKey } from './keys.ts';
import {
  describeFile,
  describeProcess,
  describeRegistryKey,
  describeRegistryValue,
} from './machine-kinds.ts';
import { describeMailbox, describeMailMessage } from './mail-kinds.ts';
import type { Properties } from './properties.ts';
import { describeDomain, describeHash, describeIp, describeUrl } from './values.ts';

const ip: DescribeKind = (properties, { workspace }) =>
  describeIp(properties.text('address') ?? '', workspace);
const url: DescribeKind = (properties, { workspace }) => describeUrl(properties.text('url') ?? '', workspace);
const domain: DescribeKind = (properties) => describeDomain(properties.text('domainname') ?? '');
const hash: DescribeKind = (properties) =>
  describeHash(properties.text('hashvalue', 'value') ?? '', properties.text('algorithm'));

const account: DescribeKind = (properties, { workspace, related }) => {
  const host = related('host');
  const name = properties.text('name', 'accountname');
  const names = {
    name,
    logonName: properties.additional('accountname') ?? properties.text('accountname'),
    upn: properties.text('userprincipalname'),
    upnSuffix: properties.text('upnsuffix'),
    domains: [properties.text('ntdomain'), properties.text('dnsdomain'), properties.text('domainname')],
    entraId: properties.text('aaduserid'),
    sid: properties.text('sid'),
    objectGuid: properties.text('objectguid'),
    puid: properties.text('puid'),
    hostName: host && hostLabel(host),
  };
  const value = principalName(names) ?? name ?? names.entraId ?? names.sid;
  if (value === undefined) return undefined;
  return { type: 'user', value, identifiers: accountKeys(names, workspace) };
};

const host: DescribeKind = (properties, { workspace }) => {
  const names = {
    name: properties.text('hostname'),
    netBiosName: properties.text('netbiosname'),
    fqdn: properties.text('fqdn'),
    dnsDomain: properties.text('dnsdomain'),
    ntDomain: properties.text('ntdomain'),
    azureId: properties.text('azureid', 'resourceid'),
    agentId: properties.text('omsagentid', 'agentid'),
    defenderId: properties.text('mdatpdeviceid'),
    entraId: properties.text('aaddeviceid'),
  };
  const value = hostLabel(properties) ?? names.azureId ?? names.agentId ?? names.defenderId ?? names.entraId;
  return value === undefined ? undefined : { type: 'host', value, identifiers: hostKeys(names, workspace) };
};

/** What people call the host: its DNS name, or its bare one. */
function hostLabel(properties: Properties): string | undefined {
  const name = properties.text('hostname', 'netbiosname');
  const [fqdn, dnsDomain] = [properties.text('fqdn'), properties.text('dnsdomain')];
  return fullName({ name, fqdn, dnsDomain, ntDomain: properties.text('ntdomain') }) ?? name?.toLowerCase();
}

const cloudApplication: DescribeKind = (properties, { workspace }) => {
  const name = properties.text('appname', 'name');
  const oauthId = readGuid(properties.text('oauthappid'));
  const appId = (oauthId ?? properties.text('appid', 'saasid'))?.toLowerCase();
  const value = name ?? appId;
  if (value === undefined) return undefined;
  const instance = properties.text('instancename')?.toLowerCase();
  const known = appId === undefined ? [] : [strongKey('cloud_application', `id:${appId}`)];
  const named =
    name === undefined ? [] : [weakKey('cloud_application', instanceName(name, instance), workspace)];
  return { type: 'cloud_application', value, identifiers: [...known, ...named] };
};

const instanceName = (name: string, instance: string | undefined): string =>
  instance === undefined ? name.toLowerCase() : `${name.toLowerCase()}/${instance}`;

const azureResource: DescribeKind = (properties) => {
  const id = properties.text('resourceid');
  return id === undefined
    ? undefined
    : { type: 'azure_resource', value: id, identifiers: [strongKey('azure_resource', id.toLowerCase())] };
};

const malware: DescribeKind = (properties) => {
  const name = properties.text('malwarename', 'name');
  return name === undefined
    ? undefined
    : { type: 'malware', value: name, identifiers: [strongKey('malware', name.toLowerCase())] };
};

const securityGroup: DescribeKind = (properties) => {
  const [guid, sid] = [readGuid(properties.text('objectguid')), readSid(properties.text('sid'))];
  const name = properties.text('distinguishedname');
  const value = name ?? sid ?? guid;
  if (value === undefined) return undefined;
  const names = [guid && `object:${guid}`, sid && `sid:${sid}`, name?.toLowerCase()];
  const identifiers = names
    .filter((each) => each !== undefined)
    .map((each) => strongKey('security_group', each));
  return { type: 'security_group', value, identifiers };
};

const KINDS: Readonly<Record<string, DescribeKind>> = {
  ip,
  url,
  dns: domain,
  dnsresolution: domain,
  filehash: hash,
  account,
  host,
  file: describeFile,
  process: describeProcess,
  registrykey: describeRegistryKey,
  registryvalue: describeRegistryValue,
  cloudapplication: cloudApplication,
  oauthapplication: cloudApplication,
  azureresource: azureResource,
  malware,
  securitygroup: securityGroup,
  mailbox: describeMailbox,
  mailmessage: describeMailMessage,
  submissionmail: describeMailMessage,
};

/** How to read a kind, written as `cloud-application`, `CloudApplication` or otherwise. */
export function describerOf(kind: string): DescribeKind | undefined {
  const name = normaliseKind(kind);
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

export const normaliseKind = (kind: string): string => kind.replace(/[^A-Za-z\d]/g, '').toLowerCase();
