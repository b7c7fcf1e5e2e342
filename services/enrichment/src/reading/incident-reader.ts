import { setTimeout as delay } from 'node:timers/promises';
import {
  databaseAway,
  type IncidentReadings,
  type IncidentToRead,
  isRefusedData,
  type ReadIncident,
  type ReadingClaim,
} from '@socmate/database';
import { type Logger, startTimer } from '@socmate/runtime';
import { readIncident } from './read-incident.ts';
import { incidentNotRead, incidentsRead, readingLag } from './reading-events.ts';

const INTERVAL_MS = 1_000;
const BATCH = 10;
/** How long an incident that another worker reads at the moment is waited for. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 50;

export interface IncidentReaderDeps {
  readonly readings: IncidentReadings;
  readonly log: Logger;
}

export interface IncidentReader {
  /** Reads the incident's entities now if they are due; waits a moment where another worker is at it. */
  readNow(incidentId: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What a reader makes of an incident; a fault in it concerns this incident alone. */
async function readOne(
  { readings, log }: IncidentReaderDeps,
  claim: ReadingClaim,
  incident: IncidentToRead,
): Promise<ReadIncident[]> {
  try {
    return [{ ...readIncident(incident), claim }];
  } catch (err) {
    incidentNotRead(log, claim, err);
    await readings.putOff([claim]);
    return [];
  }
}

/** Together; one by one where Postgres refuses them, so that one incident's stop no other's. */
async function storeRead(
  { readings, log }: IncidentReaderDeps,
  read: readonly ReadIncident[],
): Promise<void> {
  if (read.length === 0) return;
  try {
    await readings.store(read);
    incidentsRead(
      log,
      read.length,
      read.reduce((total, { entities }) => total + entities.length, 0),
    );
  } catch (fault) {
    if (!isRefusedData(fault)) throw fault;
    const [first, ...others] = read;
    if (first !== undefined && others.length === 0) {
      incidentNotRead(log, first.claim, fault);
      await readings.putOff([first.claim]);
    } else {
      for (const one of read) await storeRead({ readings, log }, [one]);
    }
  }
}

async function readClaims(deps: IncidentReaderDeps, claims: readonly ReadingClaim[]): Promise<void> {
  try {
    const incidents = new Map((await deps.readings.load(claims)).map((each) => [each.incidentId, each]));
    const read: ReadIncident[] = [];
    for (const claim of claims) {
      const incident = incidents.get(claim.incidentId);
      if (incident !== undefined) read.push(...(await readOne(deps, claim, incident)));
    }
    await storeRead(deps, read);
  } catch (fault) {
    // The claims would hold for as long as a read may take.
    if (databaseAway(fault)) await deps.readings.putBack(claims);
    throw fault;
  }
}

async function readNow(deps: IncidentReaderDeps, incidentId: string, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
    const claims = await deps.readings.claimOne(incidentId);
    if (claims.length > 0) return readClaims(deps, claims);
    if (!(await deps.readings.isDue(incidentId))) return;
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Reads the entities of incidents that were stored or changed; replicas share the work. */
export function startIncidentReader(deps: IncidentReaderDeps): IncidentReader {
  const timer = startTimer('read-incident', INTERVAL_MS, deps.log, async (signal) => {
    readingLag(await deps.readings.lagMs());
    for (let claims = await deps.readings.claim(BATCH); claims.length > 0; ) {
      await readClaims(deps, claims);
      claims = signal.aborted || claims.length < BATCH ? [] : await deps.readings.claim(BATCH);
    }
  });
  return {
    readNow: (incidentId, signal) => readNow(deps, incidentId, signal),
    close: () => timer.close(),
  };
}
