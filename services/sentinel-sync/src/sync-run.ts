import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ClaimedProvider, ProviderSyncs, SyncClaim } from '@socmate/database';
import { AppError, errorMessage, type Logger } from '@socmate/runtime';
import type { SentinelIncidentPage, UnreadableIncident } from '@socmate/sentinel';
import { incidentSkipped, type PageCounts, pageStored } from './events.ts';
import type { SentinelClients } from './sentinel-clients.ts';
import { type StorePageDeps, storePage } from './store-page.ts';
import { modifiedSince } from './sync-window.ts';

export interface SyncRunDeps extends StorePageDeps {
  readonly clients: SentinelClients;
  readonly syncs: Pick<ProviderSyncs, 'isHeld'>;
  /** Tells the notifier about deliveries that have committed; never rejects. */
  readonly wakeNotifier: (endpointIds: readonly string[]) => Promise<void>;
  readonly log: Logger;
}

export interface SyncResult extends PageCounts {
  readonly pages: number;
  /** The latest change seen; undefined where there was none. */
  readonly watermark: Date | undefined;
  readonly firstSkipped: UnreadableIncident | undefined;
}

const tracer = trace.getTracer('socmate');

const EMPTY: SyncResult = {
  pages: 0,
  inserted: 0,
  changed: 0,
  skipped: 0,
  watermark: undefined,
  firstSkipped: undefined,
};

function latest(watermark: Date | undefined, { incidents }: SentinelIncidentPage): Date | undefined {
  const times = incidents.map(({ lastModifiedAt }) => Date.parse(lastModifiedAt));
  const all = watermark ? [watermark.getTime(), ...times] : times;
  return all.length === 0 ? undefined : new Date(Math.max(...all));
}

async function storeAndTell(
  deps: SyncRunDeps,
  provider: ClaimedProvider,
  page: SentinelIncidentPage,
  soFar: SyncResult,
): Promise<SyncResult> {
  const { refused, endpointIds, ...counts } = await storePage(deps, provider, page.incidents);
  const skipped = [...page.unreadable, ...refused];
  for (const incident of skipped) incidentSkipped(deps.log, provider.id, incident);
  const number = soFar.pages + 1;
  pageStored(deps.log, provider.id, number, { ...counts, skipped: skipped.length });
  if (endpointIds.length > 0) await deps.wakeNotifier(endpointIds);
  return {
    pages: number,
    inserted: soFar.inserted + counts.inserted,
    changed: soFar.changed + counts.changed,
    skipped: soFar.skipped + skipped.length,
    watermark: latest(soFar.watermark, page),
    firstSkipped: soFar.firstSkipped ?? skipped[0],
  };
}

/** One span over a page's request and its storing: the events of the page are its children. */
function inSpan<T>(provider: ClaimedProvider, page: number, work: () => Promise<T>): Promise<T> {
  const attributes = { 'socmate.provider_id': provider.id, 'socmate.page': page };
  return tracer.startActiveSpan('sync page', { attributes }, async (span: Span) => {
    try {
      return await work();
    } catch (fault) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage(fault) });
      throw fault;
    } finally {
      span.end();
    }
  });
}

/**
 * Reads all pages since the watermark and stores each before it asks for the next one. What was stored stays where a
 * later page fails; only a run that got through tells how far the watermark may move.
 */
export async function runSync(
  deps: SyncRunDeps,
  claim: SyncClaim,
  provider: ClaimedProvider,
  signal: AbortSignal,
): Promise<SyncResult> {
  const query = { by: 'modified', since: modifiedSince(provider).toISOString(), signal } as const;
  const pages = deps.clients.of(provider).incidentPages(query)[Symbol.asyncIterator]();
  let result = EMPTY;
  for (;;) {
    const isLast = await inSpan(provider, result.pages + 1, async () => {
      const { value: page } = (await pages.next()) as IteratorYieldResult<SentinelIncidentPage>;
      if (!(await deps.syncs.isHeld(claim)))
        throw new AppError('conflict', 'another replica has taken this sync over');
      result = await storeAndTell(deps, provider, page, result);
      return page.isLast;
    });
    signal.throwIfAborted();
    if (isLast) return result;
  }
}
