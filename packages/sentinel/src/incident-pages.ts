import type { SecurityInsights } from '@azure/arm-securityinsight';
import { AppError } from '@socmate/runtime';
import { type Attempted, azureFault } from './azure-faults.ts';
import { createPageProgress, type PageTime } from './page-progress.ts';
import { parseIncidentPage, type SentinelIncidentPage } from './sentinel-answers.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const PAGE_SIZE = 50;

export interface PagesQuery {
  /** Which of an incident's times the bounds and the order are about. */
  readonly by: 'modified' | 'created';
  /** RFC 3339, inclusive. */
  readonly since: string;
  /** RFC 3339, inclusive; open unless given. */
  readonly until?: string | undefined;
  /** The greatest number of incidents in a page; Azure's own limit, 50, unless given. */
  readonly pageSize?: number;
  readonly signal: AbortSignal;
}

export interface PagesContext {
  readonly open: () => Promise<SecurityInsights>;
  readonly resourceGroup: string;
  readonly workspaceName: string;
  readonly attempted: Attempted;
  readonly read: <T>(attempted: Attempted, body: string | undefined, parse: (body: unknown) => T) => T;
}

const FIELDS: Record<PagesQuery['by'], { readonly field: string; readonly time: PageTime }> = {
  modified: { field: 'properties/lastModifiedTimeUtc', time: 'lastModifiedAt' },
  created: { field: 'properties/createdTimeUtc', time: 'createdAt' },
};

function filterOf({ by, since, until }: PagesQuery): string {
  const { field } = FIELDS[by];
  return until === undefined ? `${field} ge ${since}` : `${field} ge ${since} and ${field} le ${until}`;
}

function createGuard({ by }: PagesQuery, { doing }: Attempted) {
  const links = new Set<string>();
  const progress = createPageProgress(FIELDS[by].time);
  const refuse = (why: string): never => {
    throw new AppError('upstream_error', `Azure’s list of pages never ends: ${why} while ${doing}`);
  };
  return (page: SentinelIncidentPage, link: string | undefined): void => {
    if (link === undefined) return;
    if (links.has(link)) refuse('a link repeats');
    links.add(link);
    if (progress.hasStalled(page)) refuse('its pages bring nothing new');
  };
}

/**
 * Pages newest first: an incident that is modified meanwhile moves to the front and shifts others back, so that a
 * reader may see one twice and misses none. A list that leads nowhere is an upstream fault.
 */
export async function* incidentPages(
  context: PagesContext,
  query: PagesQuery,
): AsyncGenerator<SentinelIncidentPage> {
  const { attempted } = context;
  const guard = createGuard(query, attempted);
  let body: string | undefined;
  const insights = await context.open();
  const pages = insights.incidents
    .list(context.resourceGroup, context.workspaceName, {
      filter: filterOf(query),
      orderby: `${FIELDS[query.by].field} desc`,
      top: query.pageSize ?? PAGE_SIZE,
      abortSignal: query.signal,
      requestOptions: { timeout: REQUEST_TIMEOUT_MS },
      onResponse: (response) => {
        body = response.bodyAsText ?? undefined;
      },
    })
    .byPage();
  for (;;) {
    body = undefined;
    const answer = await pages.next().catch((fault: unknown) => {
      throw query.signal.aborted ? fault : azureFault(attempted, fault);
    });
    if (answer.done) return;
    const { nextLink, ...page } = context.read(attempted, body, parseIncidentPage);
    guard(page, nextLink);
    yield page;
    if (page.isLast) return;
  }
}
