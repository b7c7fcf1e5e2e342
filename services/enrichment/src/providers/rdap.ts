import { registrableDomain } from '@socmate/entities';
import { z } from 'zod';
import { defineProvider, type Judgement } from '../intelligence/define-provider.ts';

const Response = z.object({
  objectClassName: z.string(),
  handle: z.string().nullish(),
  name: z.string().nullish(),
  ldhName: z.string().nullish(),
  country: z.string().nullish(),
  startAddress: z.string().nullish(),
  endAddress: z.string().nullish(),
  status: z.array(z.string()).default([]),
  events: z
    .array(z.object({ eventAction: z.string().optional(), eventDate: z.string().optional() }))
    .default([]),
  entities: z
    .array(z.object({ roles: z.array(z.string()).default([]), vcardArray: z.array(z.unknown()).optional() }))
    .default([]),
});
type Answer = z.output<typeof Response>;

const DAY_S = 86_400;
const DAY_MS = DAY_S * 1_000;
/** What phishing and malware use is seldom older. */
const YOUNG_DAYS = 30;

/** The registries to which rdap.org sends most questions on. */
const REGISTRIES = [
  'rdap.arin.net',
  'rdap.db.ripe.net',
  'rdap.apnic.net',
  'rdap.lacnic.net',
  'rdap.afrinic.net',
  'rdap.verisign.com',
  'rdap.publicinterestregistry.org',
  'rdap.identitydigital.services',
  'rdap.centralnic.com',
  'rdap.nominet.uk',
  'rdap.registry.in',
  'rdap.sidn.nl',
  'rdap.nic.fr',
  'rdap.nic.xyz',
  'rdap.nic.top',
  'rdap.nic.biz',
  'pubapi.registry.google',
].map((host) => `https://${host}`);

export const rdap = defineProvider({
  name: 'rdap',
  entityTypes: ['ip', 'domain'],
  accepts: ({ type, value }) => type === 'ip' || registrableDomain(value) !== undefined,
  // Of registrations it is the source; of good and bad it says nothing.
  reliability: 'D',
  baseUrl: 'https://rdap.org',
  redirectsTo: REGISTRIES,
  access: 'switch',
  limits: { perMinute: 60, concurrency: 20 },
  timeoutMs: 10_000,
  ttlS: { malicious: DAY_S, suspicious: DAY_S, benign: DAY_S, unknown: 7 * DAY_S },
  request: ({ type, value }) => ({
    path: `/${type === 'ip' ? 'ip' : 'domain'}/${encodeURIComponent(type === 'ip' ? value : (registrableDomain(value) ?? value))}`,
    headers: { accept: 'application/rdap+json, application/json' },
  }),
  notFound: z.object({ errorCode: z.literal(404) }).optional(),
  response: Response,
  judge: (answer, { type, value }, now) => {
    const registered = dateOf(answer, 'registration');
    const owner = ownerOf(answer);
    const since = registered === undefined ? '' : ` since ${registered.slice(0, 10)}`;
    const what = type === 'ip' ? `network ${answer.name ?? answer.handle ?? 'without a name'}` : 'registered';
    return {
      status: 'known',
      ...verdictOf(type === 'domain' ? registered : undefined, now),
      summary: `${what}${since}${owner === undefined ? '' : `, ${owner}`}`,
      link: `https://client.rdap.org/?type=${type}&object=${encodeURIComponent(value)}`,
      evidence: {
        name: answer.name,
        country: answer.country,
        owner,
        registered_at: registered,
        start: answer.startAddress,
        end: answer.endAddress,
        changed_at: dateOf(answer, 'last changed'),
        expires_at: dateOf(answer, 'expiration'),
        status: answer.status.slice(0, 10),
      },
    };
  },
});

const dateOf = ({ events }: Answer, action: string): string | undefined =>
  events.find(({ eventAction }) => eventAction === action)?.eventDate;

/** The organisation, never a person: the name of the registrar or the registrant as its card gives it. */
function ownerOf({ entities }: Answer): string | undefined {
  const entity = ['registrant', 'registrar']
    .map((role) => entities.find(({ roles }) => roles.includes(role)))
    .find((found) => found !== undefined);
  const card = entity?.vcardArray?.[1];
  const lines = Array.isArray(card) ? (card as unknown[]) : [];
  const name = lines.find((line) => Array.isArray(line) && line[0] === 'fn') as unknown[] | undefined;
  return typeof name?.[3] === 'string' && name[3] !== '' ? name[3].slice(0, 100) : undefined;
}

function verdictOf(registered: string | undefined, now: Date): Pick<Judgement, 'verdict' | 'score'> {
  const ageDays = (now.getTime() - Date.parse(registered ?? '')) / DAY_MS;
  return ageDays < YOUNG_DAYS ? { verdict: 'suspicious', score: 40 } : { verdict: 'unknown', score: null };
}
