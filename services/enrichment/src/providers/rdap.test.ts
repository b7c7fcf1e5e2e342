import { testProvider } from './provider-harness.ts';
import { rdap } from './rdap.ts';

const card = (name: string) => [
  'vcard',
  [
    ['version', {}, 'text', '4.0'],
    ['fn', {}, 'text', name],
  ],
];
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const domain = (registeredAt: string) => ({
  rdapConformance: ['rdap_level_0'],
  objectClassName: 'domain',
  ldhName: 'DOCS-SHARE-CENTER.COM',
  status: ['client transfer prohibited'],
  events: [
    { eventAction: 'registration', eventDate: registeredAt },
    { eventAction: 'expiration', eventDate: '2027-11-17T09:00:00Z' },
  ],
  entities: [{ objectClassName: 'entity', roles: ['registrar'], vcardArray: card('PDR Ltd.') }],
});

testProvider(rdap, {
  known: [
    {
      of: ['ip', '165.225.72.41'],
      asks: { path: '/ip/165.225.72.41', headers: { accept: 'application/rdap+json, application/json' } },
      body: {
        rdapConformance: ['rdap_level_0'],
        objectClassName: 'ip network',
        name: 'ZSCALER-CHI1',
        startAddress: '165.225.72.0',
        endAddress: '165.225.75.255',
        country: 'US',
        status: ['active'],
        events: [{ eventAction: 'registration', eventDate: '2020-02-11T09:12:44Z' }],
        entities: [{ roles: ['registrant'], vcardArray: card('Zscaler, Inc.') }],
      },
      judged: {
        verdict: 'unknown',
        score: null,
        summary: 'network ZSCALER-CHI1 since 2020-02-11, Zscaler, Inc.',
        reliability: 'D',
      },
    },
    {
      of: ['domain', 'www.docs-share-center.com'],
      asks: { path: '/domain/docs-share-center.com' },
      body: domain(daysAgo(6)),
      judged: { verdict: 'suspicious', score: 40 },
    },
    {
      of: ['domain', 'docs-share-center.com'],
      asks: { path: '/domain/docs-share-center.com' },
      body: domain(daysAgo(31)),
      judged: { verdict: 'unknown', score: null },
    },
    {
      of: ['domain', 'docs-share-center.co.uk'],
      asks: { path: '/domain/docs-share-center.co.uk' },
      body: { ...domain('not a date'), entities: [{ roles: ['registrar'] }] },
      judged: { verdict: 'unknown' },
    },
  ],
  unknown: { status: 404, body: { errorCode: 404, title: 'Not Found', description: [] } },
});
