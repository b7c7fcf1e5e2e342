import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ClaimedProvider, ProviderSyncs, SyncClaim, UnfinishedSync } from '@socmate/database';
import { AppError, errorMessage } from '@socmate/runtime';
import { instantKey, type PagesQuery, type SentinelIncidentPage } from '@socmate/sentinel';
import type { SentinelClients } from './sentinel-clients.ts';
import { NO_PAGE, type StoredPage, type StoredPageDeps, storeAndTell } from './stored-page.ts';
import { modifiedSince, overlapped, resumable, type SyncWindow } from './sync-window.ts';

/** How many pages a run that is killed reads again at most. */
export const SAVE_EVERY = 5;

export interface SyncRunDeps extends StoredPageDeps {
  readonly clients: SentinelClients;
  readonly syncs: Pick<ProviderSyncs, 'saveProgress'>;
}

export interface SyncResult extends StoredPage {
  /** The latest change seen that is not still to come; undefined where there was none. */
  readonly watermark: Date | undefined;
}

/** A sync or a reconciliation while it runs: of one workspace, under one claim. */
export interface SyncRun {
  readonly deps: SyncRunDeps;
  readonly isHeld: () => Promise<boolean>;
  readonly claim: SyncClaim;
  readonly provider: ClaimedProvider;
  readonly signal: AbortSignal;
}

const tracer = trace.getTracer('socmate');

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

/** Reads pages one by one and stores each before it asks for the next; `after` sees each once it is stored. */
export async function storePages(
  { deps, isHeld, provider, signal }: SyncRun,
  query: Omit<PagesQuery, 'signal'>,
  soFar: StoredPage,
  after: (page: SentinelIncidentPage, stored: StoredPage) => Promise<void>,
): Promise<StoredPage> {
  const listing = deps.clients.of(provider).incidentPages({ ...query, signal });
  const pages = listing[Symbol.asyncIterator]();
  let stored = soFar;
  for (;;) {
    const isLast = await inSpan(provider, stored.pages + 1, async () => {
      const { value: page } = (await pages.next()) as IteratorYieldResult<SentinelIncidentPage>;
      if (!(await isHeld()))
        throw new AppError(
          'conflict',
          'the workspace was disabled or disconnected meanwhile, or another replica has taken this over',
        );
      stored = await storeAndTell(deps, provider, page, stored);
      await after(page, stored);
      return page.isLast;
    });
    signal.throwIfAborted();
    if (isLast) return stored;
  }
}

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && instantKey(b) > instantKey(a)) ? b : a;

const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && instantKey(b) < instantKey(a)) ? b : a;

interface Reading {
  readonly stored: StoredPage;
  readonly top: string | undefined;
}

/** Reads a window; with `since`, what it has read is kept for the sync that has to go on where this one stops. */
async function readWindow(run: SyncRun, window: SyncWindow, from: Reading, since?: string): Promise<Reading> {
  let { top } = from;
  let reached: string | undefined;
  const stored = await storePages(run, { by: 'modified', ...window }, from.stored, async (page, so) => {
    for (const { lastModifiedAt } of page.incidents) {
      // A time that is still to come would let the next sync begin after changes that it has not seen.
      if (Date.parse(lastModifiedAt) <= run.provider.claimedAt.getTime()) top = later(top, lastModifiedAt);
      reached = earlier(reached, lastModifiedAt);
    }
    if (since === undefined || top === undefined || reached === undefined) return;
    if (page.isLast || so.pages % SAVE_EVERY !== 0) return;
    await run.deps.syncs.saveProgress(run.claim, { since, top, reached });
  });
  return { stored, top };
}

async function resume(run: SyncRun, unfinished: UnfinishedSync): Promise<Reading> {
  const { since, top, reached } = unfinished;
  const newest = await readWindow(run, { since: overlapped(top) }, { stored: NO_PAGE, top });
  return readWindow(run, { since, until: reached }, newest, since);
}

/** Where Azure's clock is ahead of ours, all that a first sync reads is still to come. */
function watermarkOf(
  { watermark, claimedAt }: ClaimedProvider,
  { inserted }: StoredPage,
  top: string | undefined,
): Date | undefined {
  if (top !== undefined) return new Date(top);
  return watermark === null && inserted > 0 ? claimedAt : undefined;
}

/**
 * Reads all pages since the watermark and stores each before it asks for the next one. What was stored stays where a
 * later page fails, and the next sync goes on from there; only one that got through tells how far the watermark may
 * move.
 */
export async function runSync(run: SyncRun): Promise<SyncResult> {
  const since = modifiedSince(run.provider);
  const unfinished = resumable(run.provider.unfinished, since);
  const { stored, top } = unfinished
    ? await resume(run, unfinished)
    : await readWindow(run, { since }, { stored: NO_PAGE, top: undefined }, since);
  return { ...stored, watermark: watermarkOf(run.provider, stored, top) };
}
