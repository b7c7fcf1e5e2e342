import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createIds, systemClock } from '@socmate/runtime';
import { aProvider, cloneDatabase, type TestDatabase, until } from '@socmate/testing';
import type { ChangePosition } from './incident-changes.ts';
import { createIncidentPages, type IncidentRow } from './incident-pages.ts';
import { createIncidents } from './incidents.ts';
import { createPool, type Pool } from './pool.ts';

let database: TestDatabase;
let pool: Pool;
let replicas: Pool[];
const ids = createIds();

beforeAll(async () => {
  database = await cloneDatabase();
  pool = createPool(database.url, { size: 2, name: 'reader' });
  replicas = ['first', 'second'].map((name) => createPool(database.url, { size: 2, name }));
});
afterAll(async () => {
  await Promise.all([pool, ...replicas].map((one) => one.end()));
  await database.drop();
});
beforeEach(() => pool.query('TRUNCATE siem_provider CASCADE'));

const PAGES = 12;
const PER_PAGE = 10;
const TWO_HOURS_MS = 7_200_000;

/** Numbers from 0 up to, not including, 1: the same of the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** As Sentinel has had them while nobody asked; the later version was modified a minute after the first. */
function anIncident(number: number, version: number): IncidentRow {
  const createdMs = Date.UTC(2026, 10, 22, 10) - TWO_HOURS_MS + number * 1_000;
  return {
    sentinelName: `name-${number}`,
    number,
    title: 'Password spray',
    description: `version ${version}`,
    severity: 'medium',
    status: 'new',
    classification: null,
    classificationReason: null,
    classificationComment: null,
    owner: null,
    labels: [],
    tactics: [],
    techniques: [],
    alertsCount: 1,
    providerName: null,
    providerIncidentId: null,
    incidentUrl: null,
    mergedInto: null,
    commentsCount: 0,
    createdAt: new Date(createdMs).toISOString(),
    lastModifiedAt: new Date(createdMs + version * 60_000).toISOString(),
    firstActivityAt: null,
    lastActivityAt: null,
    etag: `"${version}"`,
    raw: { properties: { incidentNumber: number } },
  };
}

const pageOf = (page: number, version: number): IncidentRow[] =>
  Array.from({ length: PER_PAGE }, (_, index) => anIncident(page * PER_PAGE + index + 1, version));

const LATEST_COMMIT_MS = 12;

/** The pool of a replica whose commits take their time: a later transaction's may come before. */
const committingLate = (replica: Pool, random: () => number): Pool =>
  Object.assign(Object.create(replica) as Pool, {
    connect: async () => {
      const client = await replica.connect();
      const query = async (statement: string, values?: unknown[]) => {
        if (statement === 'COMMIT') await delay(random() * LATEST_COMMIT_MS);
        return client.query(statement, values);
      };
      return Object.assign(Object.create(client) as typeof client, {
        query,
        release: (fault?: Error) => client.release(fault),
      });
    },
  });

/** The replicas take pages in an order of the seed's, and whichever is free takes the next. */
async function storeAtOnce(providerIds: readonly string[], random: () => number): Promise<void> {
  const work = providerIds
    .flatMap((providerId) =>
      [0, 1].flatMap((version) =>
        Array.from({ length: PAGES }, (_, page) => ({ providerId, incidents: pageOf(page, version) })),
      ),
    )
    .map((page) => ({ page, place: random() }))
    .toSorted((a, b) => a.place - b.place);
  const store = async (replica: Pool): Promise<void> => {
    const pages = createIncidentPages(committingLate(replica, random), { ids, clock: systemClock });
    for (let next = work.shift(); next; next = work.shift())
      await pages.store({ ...next.page, alertsFor: () => [], traceparent: undefined });
  };
  await Promise.all(replicas.flatMap((replica) => [store(replica), store(replica)]));
}

test.each([1, 2, 3])(
  'two replicas that store two hours of two workspaces at once hide nothing from a reader (seed %i)',
  async (seed) => {
    const providers = [await aProvider(pool), await aProvider(pool)];
    const incidents = createIncidents(pool);
    const seen: { key: string; description: string }[] = [];
    let position: ChangePosition | null = null;
    const poll = async (): Promise<void> => {
      const page = await incidents.changes({ after: position, limit: 60 });
      position = page.next;
      for (const { change_seq, id, description } of page.incidents)
        seen.push({ key: `${String(change_seq).padStart(12, '0')}/${id}`, description });
      if (page.hasMore) await poll();
    };
    const end = new AbortController();
    const storing = storeAtOnce(
      providers.map(({ id }) => id),
      seeded(seed),
    ).finally(() => end.abort());
    while (!end.signal.aborted) await poll();
    await storing;
    const { rows: stored } = await pool.query<{ key: string }>(
      `SELECT lpad(change_seq::text, 12, '0') || '/' || id AS key FROM incident`,
    );
    expect(stored).toHaveLength(providers.length * PAGES * PER_PAGE);
    await until('the reader has come to the end', async () => {
      await poll();
      const keys = new Set(seen.map(({ key }) => key));
      return stored.every(({ key }) => keys.has(key));
    });
    const keys = seen.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(keys.toSorted());
    expect(seen.filter(({ description }) => description === 'version 1')).toHaveLength(stored.length);
  },
);
