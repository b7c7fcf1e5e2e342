const COMMON = ['friendlyName', 'additionalData'];

const OWN: Record<string, readonly string[]> = {
  Account:
    'aadTenantId aadUserId accountName displayName dnsDomain hostEntityId isDomainJoined ntDomain objectGuid puid sid upnSuffix'.split(
      ' ',
    ),
  AzureResource: ['resourceId', 'subscriptionId'],
  CloudApplication: ['appId', 'appName', 'instanceName'],
  DnsResolution: ['dnsServerIpEntityId', 'domainName', 'hostIpAddressEntityId', 'ipAddressEntityIds'],
  File: ['directory', 'fileHashEntityIds', 'fileName', 'hostEntityId'],
  FileHash: ['algorithm', 'hashValue'],
  Host: 'azureID dnsDomain hostName isDomainJoined netBiosName ntDomain omsAgentID osFamily osVersion'.split(
    ' ',
  ),
  Ip: ['address', 'location', 'threatIntelligence'],
  Mailbox: ['mailboxPrimaryAddress', 'displayName', 'upn', 'externalDirectoryObjectId'],
  MailCluster:
    'clusterGroup clusterQueryEndTime clusterQueryStartTime clusterSourceIdentifier clusterSourceType countByDeliveryStatus countByProtectionStatus countByThreatType isVolumeAnomaly mailCount networkMessageIds query queryTime source threats'.split(
      ' ',
    ),
  MailMessage:
    'antispamDirection deliveryAction deliveryLocation fileEntityIds internetMessageId language networkMessageId p1Sender p1SenderDisplayName p1SenderDomain p2Sender p2SenderDisplayName p2SenderDomain receiveDate recipient senderIP subject threatDetectionMethods threats urls'.split(
      ' ',
    ),
  Malware: ['category', 'fileEntityIds', 'malwareName', 'processEntityIds'],
  Process:
    'accountEntityId commandLine creationTimeUtc elevationToken hostEntityId hostLogonSessionEntityId imageFileEntityId parentProcessEntityId processId'.split(
      ' ',
    ),
  RegistryKey: ['hive', 'key'],
  RegistryValue: ['keyEntityId', 'valueData', 'valueName', 'valueType'],
  SecurityGroup: ['distinguishedName', 'objectGuid', 'sid'],
  SubmissionMail:
    'networkMessageId recipient reportType sender senderIp subject submissionDate submissionId submitter timestamp'.split(
      ' ',
    ),
  Url: ['url'],
};

export const ENTITY_KINDS = Object.keys(OWN) as [string, ...string[]];

/** The properties of an entity kind that SecurityInsights does not have. */
export function unknownProperties(kind: string, names: readonly string[]): string[] {
  const known = [...COMMON, ...(OWN[kind] ?? [])];
  return names.filter((name) => !known.includes(name));
}
