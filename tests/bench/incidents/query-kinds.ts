import { ACCOUNTS, accountName, COMMON_TAG, COMMON_WORDS, rareTag } from './incident-seed.ts';

export interface QueryKind {
  readonly name: string;
  readonly about: string;
  readonly path: (position: number) => string;
}

interface Asked {
  readonly next_cursor: string | null;
}

export interface KindsOptions {
  readonly incidents: number;
  readonly ask: (path: string) => Promise<Asked>;
}

const LIST = '/api/v1/incidents';
const YEAR = 'timespan=P366D';
const DEEP_PAGE = 500;
const CURSORS = 20;

const cycle = <T>(items: readonly T[], position: number): T => items[position % items.length] as T;
/** Spreads over all of a range without repeating soon. */
const scatter = (position: number, range: number): number => (position * 7_919) % range;

/** The cursors of the pages that begin after so many. */
async function cursorsFrom({ ask }: KindsOptions, path: string, skipped: number): Promise<string[]> {
  const cursors: string[] = [];
  let cursor: string | null = null;
  for (let page = 1; page < skipped + CURSORS; page += 1) {
    const given: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer: Asked = await ask(`${path}${given}`);
    cursor = answer.next_cursor;
    if (cursor === null) break;
    if (page >= skipped) cursors.push(encodeURIComponent(cursor));
  }
  return cursors;
}

const severities = ['high', 'medium', 'low', 'informational', 'critical'];
const spans = ['P1D', 'P7D', 'P30D', 'P90D'];

export async function queryKinds(options: KindsOptions): Promise<QueryKind[]> {
  const { incidents } = options;
  const deepList = `${LIST}?${YEAR}&limit=20`;
  const deep = await cursorsFrom(
    options,
    deepList,
    Math.min(DEEP_PAGE, Math.floor(incidents / 20) - CURSORS) - 1,
  );
  const changesList = `${LIST}/changes?limit=100`;
  const changes = await cursorsFrom(options, changesList, 1);
  return [
    { name: 'default list', about: 'the last seven days', path: () => LIST },
    {
      name: 'severity and timespan',
      about: 'one of five severities over one of four spans',
      path: (position) =>
        `${LIST}?severity=${cycle(severities, position)}&timespan=${cycle(spans, Math.floor(position / 5))}`,
    },
    {
      name: 'q, rare word',
      about: 'an account name, over a year',
      path: (position) => `${LIST}?${YEAR}&q=${accountName(scatter(position, ACCOUNTS))}`,
    },
    {
      name: 'q, common word',
      about: 'a word of a tenth of all incidents or more, over a year',
      path: (position) => `${LIST}?${YEAR}&q=${encodeURIComponent(cycle(COMMON_WORDS, position))}`,
    },
    {
      name: 'tag, rare',
      about: 'a tag of about a hundred incidents, over a year',
      path: (position) =>
        `${LIST}?${YEAR}&tag=${rareTag(incidents, (scatter(position, 1_000) + 0.5) / 1_000)}`,
    },
    {
      name: 'tag, common',
      about: 'a tag of a tenth of all incidents, over a year',
      path: () => `${LIST}?${YEAR}&tag=${COMMON_TAG}`,
    },
    {
      name: `page ${DEEP_PAGE} by cursor`,
      about: 'of twenty each, over a year',
      path: (position) => `${deepList}&cursor=${cycle(deep, position)}`,
    },
    {
      name: 'changes',
      about: 'pages of a hundred by cursor',
      path: (position) => `${changesList}&cursor=${cycle(changes, position)}`,
    },
    {
      name: 'one incident',
      about: 'by its number',
      path: (position) => `${LIST}/${1 + scatter(position, incidents)}`,
    },
  ];
}
