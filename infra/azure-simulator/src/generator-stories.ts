import type { Random } from './random.ts';
import type { AlertFacts, EntityFacts } from './rest-bodies.ts';

interface Cast {
  readonly compromised: string;
  readonly entities: readonly EntityFacts[];
}

/** A kind of incident that the generator tells again with other people, machines and addresses. */
export interface Story {
  readonly title: string;
  readonly description: string;
  readonly alerts: readonly AlertFacts[];
  readonly cast: (random: Random) => Cast;
}

const FIRST = ['alex', 'bea', 'chen', 'dana', 'emil', 'farah', 'goran', 'hana', 'ivo', 'june'] as const;
const LAST = ['adler', 'brandt', 'costa', 'dubois', 'eriksen', 'fischer', 'garcia', 'horvat'] as const;
/** Allocated, globally routable networks of hosting and anonymising providers. */
const NETWORKS = [
  '45.155.205',
  '185.220.101',
  '91.240.118',
  '193.142.146',
  '80.94.95',
  '194.26.192',
] as const;
const DOMAIN = 'contoso.com';

function account(random: Random): { upn: string; entity: EntityFacts } {
  const accountName = `${random.pick(FIRST)}.${random.pick(LAST)}${random.int(1, 99)}`;
  const entity = {
    kind: 'Account',
    properties: { accountName, upnSuffix: DOMAIN, isDomainJoined: true, friendlyName: accountName },
  };
  return { upn: `${accountName}@${DOMAIN}`, entity };
}

function host(random: Random): { fqdn: string; entity: EntityFacts } {
  const hostName = `${random.pick(['wks', 'srv', 'lap', 'vdi'])}-${random.int(1, 9_999)}`;
  const entity = {
    kind: 'Host',
    properties: {
      hostName,
      dnsDomain: DOMAIN,
      osFamily: 'Windows',
      isDomainJoined: true,
      friendlyName: hostName,
    },
  };
  return { fqdn: `${hostName}.${DOMAIN}`, entity };
}

function ip(random: Random): EntityFacts {
  const address = `${random.pick(NETWORKS)}.${random.int(1, 254)}`;
  return { kind: 'Ip', properties: { address, friendlyName: address } };
}

function fileWithHash(random: Random, fileName: string): EntityFacts[] {
  const hashValue = random.hex(64);
  return [
    {
      kind: 'File',
      properties: { directory: 'C:\\Users\\Public\\Downloads', fileName, friendlyName: fileName },
    },
    {
      kind: 'FileHash',
      properties: { algorithm: 'SHA256', hashValue, friendlyName: `${hashValue}(SHA256)` },
    },
  ];
}

function process(random: Random, commandLine: string): EntityFacts {
  const processId = String(random.int(400, 30_000));
  return {
    kind: 'Process',
    properties: { processId, commandLine, friendlyName: commandLine.split(' ')[0] ?? '' },
  };
}

const alert = (alertDisplayName: string, alertType: string, more: Partial<AlertFacts>): AlertFacts => ({
  alertDisplayName,
  alertType,
  severity: 'Medium',
  productName: 'Microsoft Defender for Endpoint',
  description: `${alertDisplayName} was observed.`,
  ...more,
});

const ENTRA = { productName: 'Microsoft Entra ID Protection' };
const OFFICE = { productName: 'Microsoft Defender for Office 365' };

export const GENERATED_STORIES: readonly [Story, ...Story[]] = [
  {
    title: 'Sign-in from an anonymous IP address',
    description: 'A user signed in through an anonymising proxy.',
    alerts: [
      alert('Anonymous IP address', 'AnonymousLogin', {
        ...ENTRA,
        tactics: ['InitialAccess'],
        techniques: ['T1078'],
      }),
      alert('Unfamiliar sign-in properties', 'UnfamiliarLocation', {
        ...ENTRA,
        tactics: ['InitialAccess'],
        techniques: ['T1078.004'],
      }),
    ],
    cast: (random) => {
      const { upn, entity } = account(random);
      return { compromised: upn, entities: [entity, ip(random)] };
    },
  },
  {
    title: 'Suspicious PowerShell command line',
    description: 'PowerShell ran an encoded command that downloads and executes.',
    alerts: [
      alert('Suspicious PowerShell command line', 'WindowsDefenderAtp', {
        tactics: ['Execution'],
        techniques: ['T1059.001'],
      }),
      alert('Suspicious process injection observed', 'WindowsDefenderAtp', {
        tactics: ['DefenseEvasion'],
        techniques: ['T1055'],
      }),
      alert('Connection to a rare domain', 'WindowsDefenderAtp', {
        tactics: ['CommandAndControl'],
        techniques: ['T1071.001'],
      }),
    ],
    cast: (random) => {
      const { fqdn, entity } = host(random);
      const command = `powershell.exe -NoP -W Hidden -Enc ${random.hex(24)}`;
      const entities = [entity, account(random).entity, process(random, command), ip(random)];
      return { compromised: fqdn, entities };
    },
  },
  {
    title: 'Malware was detected and blocked',
    description: 'The antivirus blocked a file before it ran.',
    alerts: [
      alert("'Wacatac' malware was prevented", 'WindowsDefenderAv', {
        tactics: ['Execution'],
        techniques: ['T1204.002'],
      }),
    ],
    cast: (random) => {
      const { fqdn, entity } = host(random);
      const fileName = `invoice_${random.int(1_000, 9_999)}.exe`;
      return { compromised: fqdn, entities: [entity, ...fileWithHash(random, fileName)] };
    },
  },
  {
    title: 'Phishing message delivered',
    description: 'A message with a malicious link was found in a mailbox after its delivery.',
    alerts: [
      alert('Email messages containing malicious URL removed after delivery', 'OfficeATP', {
        ...OFFICE,
        tactics: ['InitialAccess'],
        techniques: ['T1566.002'],
      }),
      alert('A potentially malicious URL click was detected', 'OfficeATP', {
        ...OFFICE,
        tactics: ['InitialAccess'],
        techniques: ['T1566.002'],
      }),
    ],
    cast: (random) => {
      const { upn } = account(random);
      const url = `https://login-${random.hex(8)}.web-secure-check.com/session/${random.hex(12)}`;
      return {
        compromised: upn,
        entities: [
          { kind: 'Mailbox', properties: { mailboxPrimaryAddress: upn, upn, friendlyName: upn } },
          { kind: 'Url', properties: { url, friendlyName: url } },
          ip(random),
        ],
      };
    },
  },
];
