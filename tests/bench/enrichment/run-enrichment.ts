import { createHash } from 'node:crypto';
import type { EnrichmentRecord } from '@socmate/contracts';
import { anIncident, aProvider, until } from '@socmate/testing';
import { openEnrichments } from '../../system/open-enrichments.ts';
import { type System, startSystem } from '../../system/start-system.ts';
import type { BenchOptions, BenchResult } from '../benchmark.ts';
import { percentile } from '../percentile.ts';

const ENTITIES = 20;
const ROUNDS = 20;
const QUICK_ROUNDS = 5;
/** How long each simulated provider takes; the others answer at once. */
const LATENCY_MS = { virustotal: 800, urlscan: 600, abuseipdb: 400, otx: 300 };
const SLOWEST_MS = Math.max(...Object.values(LATENCY_MS));
const CACHED_MAX_MS = 300;
const OVER_SLOWEST_MAX_MS = 500;

/** From a call with `Prefer: wait` to the result in its answer, through gateway, queue and enrichment. */
export async function runEnrichment({
  scenarios,
  isQuick,
  say,
}: BenchOptions): Promise<readonly BenchResult[]> {
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
  say(`enrichment: ${rounds} incidents of ${ENTITIES} entities, providers that take up to ${SLOWEST_MS} ms`);
  const system = await startSystem();
  try {
    await system.addReplica('enrichment');
    for (const [provider, ms] of Object.entries(LATENCY_MS))
      await system.tenant.fault({ target: `ti:${provider}`, kind: 'latency', ms });
    const numbers = await addIncidents(system, rounds + 1);
    const { result } = openEnrichments(system);
    const [warmUp = 0, ...measured] = numbers;
    await result(warmUp);
    const first = await timed(measured, result);
    const again = await timed(measured, result);
    const all = [uncached(first), cached(again)];
    return all.filter(({ scenario }) => scenarios.length === 0 || scenarios.includes(scenario));
  } finally {
    await system.close();
  }
}

/** Of incidents that are read already; no two name the same. */
async function addIncidents({ database }: System, count: number): Promise<number[]> {
  const { id: provider_id } = await aProvider(database, { is_default: true, enabled: false });
  const numbers: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id, number } = await anIncident(database, {
      provider_id,
      description: namesOf(n).join(', '),
      details_synced_at: new Date(),
      severity: 'low',
    });
    await database.query('INSERT INTO incident_reading (incident_id, due_at) VALUES ($1, now())', [id]);
    numbers.push(number);
  }
  await until('they are read', async () => {
    const { rows } = await database.query('SELECT FROM incident_reading WHERE due_at IS NOT NULL');
    return rows.length === 0;
  });
  return numbers;
}

function namesOf(n: number): string[] {
  const hash = (index: number) => createHash('sha256').update(`${n}/${index}`).digest('hex');
  const of = (amount: number, name: (index: number) => string) =>
    Array.from({ length: amount }, (_, index) => name(index));
  return [
    ...of(10, (index) => `45.${index + 130}.${n + 1}.20`),
    ...of(5, (index) => `host-${n}-${index}.bench-enrichment.com`),
    ...of(5, hash),
  ];
}

interface Taken {
  readonly ms: number;
  readonly record: EnrichmentRecord;
}

async function timed(
  numbers: readonly number[],
  result: (number: number) => Promise<EnrichmentRecord>,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (const number of numbers) {
    const start = performance.now();
    const record = await result(number);
    taken.push({ ms: performance.now() - start, record });
  }
  return taken;
}

function figuresOf(taken: readonly Taken[]) {
  const times = taken.map(({ ms }) => Math.round(ms));
  const sum = (name: 'asked' | 'cached' | 'failed') =>
    taken
      .flatMap(({ record }) => Object.values(record.providers))
      .reduce((total, counts) => total + counts[name], 0);
  return {
    entities: Math.min(...taken.map(({ record }) => record.entities.length)),
    ms_p50: percentile(times, 50),
    ms_p95: percentile(times, 95),
    ms_max: percentile(times, 100),
    asked: sum('asked'),
    cached: sum('cached'),
    failed: sum('failed'),
  };
}

function uncached(taken: readonly Taken[]): BenchResult {
  const figures = figuresOf(taken);
  const over = (figures.ms_p95 ?? Number.NaN) - SLOWEST_MS;
  return {
    scenario: 'uncached',
    settings: { entities: ENTITIES, incidents: taken.length, latency_ms: LATENCY_MS },
    figures: { ...figures, slowest_provider_ms: SLOWEST_MS, over_slowest_ms_p95: over },
    targets: [{ target: `over_slowest_ms_p95 <= ${OVER_SLOWEST_MAX_MS}`, met: over <= OVER_SLOWEST_MAX_MS }],
  };
}

function cached(taken: readonly Taken[]): BenchResult {
  const figures = figuresOf(taken);
  return {
    scenario: 'cached',
    settings: { entities: ENTITIES, incidents: taken.length, latency_ms: LATENCY_MS },
    figures,
    targets: [{ target: `ms_p95 <= ${CACHED_MAX_MS}`, met: (figures.ms_p95 ?? Number.NaN) <= CACHED_MAX_MS }],
  };
}
