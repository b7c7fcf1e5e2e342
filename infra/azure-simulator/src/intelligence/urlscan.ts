import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Call, Reply } from '../http-routes.ts';
import type { Indicator } from './indicator.ts';
import { type Answer, isText, objectsIn, ok, type SimulatedProvider } from './simulated-provider.ts';

const TERM = /(?:^|[\s(])[a-z][\w.]*:(?:"((?:[^"\\]|\\.)*)"|([^\s)]+))/i;

/** The first term of the query: `page.domain:"evil.example"`, or all of a query without fields. */
function askedTerm({ query }: Call): string | undefined {
  const text = query.get('q') ?? '';
  const [, quoted, bare] = TERM.exec(/^\w+:\/\//.test(text) ? '' : text) ?? [];
  const term = (quoted ?? bare ?? text).replace(/\\(.)/g, '$1');
  return term === '' ? undefined : term;
}

const refusal = (status: number, message: string, description: string): Reply => ({
  status,
  body: { message, description, status },
});

const NO_SUCH_KEY = refusal(
  401,
  'API key supplied but not found in database!',
  'The supplied API key was not found in the database. Please check your API key.',
);

const page = ({ kind, value }: Indicator): Answer =>
  ({
    ip: { ip: value },
    domain: { domain: value, url: `https://${value}/` },
    url: { url: value, domain: URL.canParse(value) ? new URL(value).hostname : '' },
    hash: {},
  })[kind];

function result(indicator: Indicator, answer: Answer, position: number, { host }: Call): Answer {
  const hex = createHash('sha256').update(`${indicator.value} ${position}`).digest('hex');
  const uuid = hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
  const own = page(indicator);
  const task = { visibility: 'public', method: 'api', uuid, url: own['url'] ?? '', tags: [] };
  const inner = (name: string): object => answer[name] ?? {};
  return {
    _id: uuid,
    sort: [0, uuid],
    result: `https://${host}/ti/urlscan/api/v1/result/${uuid}/`,
    screenshot: `https://urlscan.io/screenshots/${uuid}.png`,
    ...answer,
    task: { ...task, ...inner('task') },
    page: { ...own, ...inner('page') },
    stats: { uniqIPs: 1, requests: 1, ...inner('stats') },
  };
}

export const urlscan: SimulatedProvider = {
  name: 'urlscan',
  kinds: ['ip', 'domain', 'url', 'hash'],
  credential: { header: 'api-key', isOptional: true, missing: NO_SUCH_KEY, wrong: NO_SUCH_KEY },
  answer: z.looseObject({
    results: z.array(
      z.looseObject({
        task: z.looseObject({ time: z.string().optional(), tags: z.array(z.string()).optional() }).optional(),
        page: z.looseObject({ url: z.string().optional(), domain: z.string().optional() }).optional(),
        verdicts: z
          .looseObject({ malicious: z.boolean().optional(), score: z.number().optional() })
          .optional(),
      }),
    ),
  }),
  time: (time) => time.toISOString(),
  endpoints: [{ method: 'GET', path: '/api/v1/search', asked: askedTerm }],
  known: (indicator, answer, call) => {
    const results = objectsIn(answer['results']).map((given, position) =>
      result(indicator, given, position, call),
    );
    return ok({ total: results.length, took: 12, has_more: false, ...answer, results });
  },
  unknown: () => ok({ results: [], total: 0, took: 4, has_more: false }),
  invalid: (asked) =>
    isText(asked)
      ? ok({ results: [], total: 0, took: 2, has_more: false })
      : refusal(400, 'Missing query', 'The query parameter q is required'),
  tooMany: {
    message: 'Rate limit for "search" exceeded.',
    description: 'You have exceeded the limit per minute for this action.',
    status: 429,
  },
};
