import {
  type AzureQuota,
  type DetailsClaim,
  databaseAway,
  type IncidentDetails,
  type IncidentDetailsQueue,
  type IncidentReconciliation,
  isRefusedData,
  type ProviderConnection,
} from '@socmate/database';
import { AppError, type Logger, startTimer } from '@socmate/runtime';
import { azureStatus, type SentinelClient } from '@socmate/sentinel';
import { detailsBlocked, detailsFailed, detailsStored, incidentsDeleted } from './events.ts';
import type { SentinelClients } from './sentinel-clients.ts';

const INTERVAL_MS = 1_000;
const BATCH = 5;
const READS_PER_INCIDENT = 2;
/** Where Azure throttles and does not say for how long. */
const THROTTLED_S = 30;

export interface DetailsReaderDeps {
  readonly details: IncidentDetailsQueue;
  readonly quota: AzureQuota;
  readonly reconciliation: Pick<IncidentReconciliation, 'markDeleted'>;
  readonly clients: SentinelClients;
  readonly log: Logger;
}

const readsOf = ({ alertsCount }: DetailsClaim): number => (alertsCount > 0 ? READS_PER_INCIDENT : 1);

interface Failure {
  readonly claim: DetailsClaim;
  readonly err: unknown;
}

async function read(
  client: SentinelClient,
  claim: DetailsClaim,
  signal: AbortSignal,
): Promise<IncidentDetails | Failure> {
  try {
    const alerts = claim.alertsCount > 0 ? client.alertsOf(claim.sentinelName, signal) : Promise.resolve([]);
    const entities = client.entitiesOf(claim.sentinelName, signal);
    const [readAlerts, readEntities] = await Promise.all([alerts, entities]);
    return { claim, alerts: readAlerts, entities: readEntities };
  } catch (err) {
    return { claim, err };
  }
}

/** Claims no more than the quota allows; what it claimed and may not read after all is due again. */
async function claimWithinQuota(
  { details, quota }: DetailsReaderDeps,
  provider: ProviderConnection,
): Promise<DetailsClaim[]> {
  const left = await quota.available(provider.subscriptionId);
  const limit = Math.min(BATCH, Math.floor(left / READS_PER_INCIDENT));
  const claims = limit > 0 ? await details.claim(provider.id, limit) : [];
  const reads = claims.reduce((total, claim) => total + readsOf(claim), 0);
  if (reads === 0 || (await quota.take(provider.subscriptionId, reads))) return claims;
  await details.putBack(claims);
  return [];
}

const isGone = ({ err }: Failure): boolean => err instanceof AppError && err.code === 'not_found';

/** Marks what Azure has no more, once asking for the incident itself has said so too. */
async function settleGone(
  { reconciliation, clients, log }: DetailsReaderDeps,
  provider: ProviderConnection,
  gone: readonly Failure[],
  signal: AbortSignal,
): Promise<void> {
  const client = clients.of(provider);
  const names: string[] = [];
  for (const { claim } of gone)
    if (!(await client.incident(claim.sentinelName, signal))) names.push(claim.sentinelName);
  const deleted = await reconciliation.markDeleted(provider.id, names);
  if (deleted > 0) incidentsDeleted(log, provider.id, deleted);
}

/** How long Azure asks everybody to wait; undefined where it does not. */
function throttledS({ err }: Failure): number | undefined {
  if (azureStatus(err) !== 429) return undefined;
  return (err instanceof AppError ? err.retryAfterS : undefined) ?? THROTTLED_S;
}

async function settleFailures(
  deps: DetailsReaderDeps,
  provider: ProviderConnection,
  all: readonly Failure[],
  signal: AbortSignal,
): Promise<void> {
  const { details, quota, log } = deps;
  await details.putOff(all.map(({ claim }) => claim));
  const failures = all.filter((failure) => !isGone(failure));
  for (const { claim, err } of failures) detailsFailed(log, { providerId: provider.id, err }, claim);
  const retryAfterS = Math.max(0, ...failures.map((failure) => throttledS(failure) ?? 0));
  if (retryAfterS > 0) {
    await quota.block(provider.subscriptionId, retryAfterS);
    detailsBlocked(log, provider, retryAfterS);
  }
  await settleGone(deps, provider, all.filter(isGone), signal);
}

/** Together; one by one where Postgres refuses them, so that one incident's stop no other's. */
async function storeRead(
  { details, log }: DetailsReaderDeps,
  providerId: string,
  known: readonly IncidentDetails[],
): Promise<number> {
  try {
    return await details.store(providerId, known);
  } catch (fault) {
    if (!isRefusedData(fault)) throw fault;
  }
  let changed = 0;
  for (const one of known) {
    try {
      changed += await details.store(providerId, [one]);
    } catch (err) {
      if (!isRefusedData(err)) throw err;
      detailsFailed(log, { providerId, err }, one.claim);
      await details.putOff([one.claim]);
    }
  }
  return changed;
}

/** Answers whether there may be more to read at once. */
async function readBatch(
  deps: DetailsReaderDeps,
  provider: ProviderConnection,
  signal: AbortSignal,
): Promise<boolean> {
  const { details, clients, log } = deps;
  const claims = await claimWithinQuota(deps, provider);
  if (claims.length === 0) return false;
  const client = clients.of(provider);
  const outcomes = await Promise.all(claims.map((claim) => read(client, claim, signal)));
  const done = outcomes.flatMap((outcome) => ('err' in outcome ? [] : [outcome]));
  const failures = outcomes.flatMap((outcome) => ('err' in outcome ? [outcome] : []));
  const changed = await storeRead(deps, provider.id, done).catch(async (fault: unknown) => {
    // A deadlock, or Postgres restarted: the claims would hold for as long as a read may take.
    if (databaseAway(fault)) await details.putBack(claims);
    throw fault;
  });
  if (done.length > 0) detailsStored(log, provider.id, done.length, changed);
  if (signal.aborted) await details.putBack(failures.map(({ claim }) => claim));
  else if (failures.length > 0) await settleFailures(deps, provider, failures, signal);
  return failures.length === 0;
}

async function readProvider(
  deps: DetailsReaderDeps,
  provider: ProviderConnection,
  signal: AbortSignal,
): Promise<void> {
  try {
    while (!signal.aborted && (await readBatch(deps, provider, signal)));
  } catch (err) {
    deps.log.error({ err, providerId: provider.id }, 'reading alerts and entities failed');
  }
}

/**
 * Reads alerts and entities of incidents that are stored and announced, within what Azure allows per subscription.
 * Of each workspace on its own: one that hangs holds up no other.
 */
export function startDetailsReader(deps: DetailsReaderDeps): { close(): Promise<void> } {
  const reading = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const timer = startTimer('incident-details', INTERVAL_MS, deps.log, async () => {
    for (const provider of await deps.details.dueProviders()) {
      if (stop.signal.aborted || reading.has(provider.id)) continue;
      const begun = readProvider(deps, provider, stop.signal).finally(() => reading.delete(provider.id));
      reading.set(provider.id, begun);
    }
  });
  return {
    close: async () => {
      stop.abort();
      await timer.close();
      await Promise.all(reading.values());
    },
  };
}
