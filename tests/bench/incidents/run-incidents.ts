import type { BenchOptions, BenchResult, Target } from '../benchmark.ts';
import { askAtRate, type RateResult } from './constant-rate.ts';
import { type GatewayUnderLoad, startGatewayUnderLoad } from './gateway-under-load.ts';
import { loadIncidents } from './load-incidents.ts';
import { type QueryKind, queryKinds } from './query-kinds.ts';

const SIZES = [10_000, 1_000_000];
const RATE_PER_S = 100;
const P95_TARGET_MS = 30;

/** A rate is sustained while no request fails and 95 in 100 are answered within this. */
const SUSTAINED_P95_MS = 100;
const FIRST_STEP_PER_S = 25;
const STEP = 1.25;
const HIGHEST_PER_S = 2_000;

interface Durations {
  readonly warmS: number;
  readonly measureS: number;
  readonly stepS: number;
}

const isSustained = ({ failed, p95Ms }: RateResult): boolean => failed === 0 && p95Ms <= SUSTAINED_P95_MS;

/** The highest of growing rates that is answered; each step twice before it is given up. */
async function highestRate(
  gateway: GatewayUnderLoad,
  { path }: QueryKind,
  stepS: number,
  from: number,
): Promise<number> {
  let sustained = 0;
  for (let rate = from; rate <= HIGHEST_PER_S; rate = Math.round(rate * STEP)) {
    const ask = () => askAtRate({ ...gateway, ratePerS: rate, seconds: stepS, path });
    if (!isSustained(await ask()) && !isSustained(await ask())) break;
    sustained = rate;
  }
  return sustained;
}

async function measure(gateway: GatewayUnderLoad, kind: QueryKind, { warmS, measureS, stepS }: Durations) {
  const ask = { ...gateway, path: kind.path, ratePerS: RATE_PER_S };
  await askAtRate({ ...ask, ratePerS: RATE_PER_S / 2, seconds: warmS });
  const measured = await askAtRate({ ...ask, seconds: measureS });
  const from = isSustained(measured) ? RATE_PER_S : FIRST_STEP_PER_S;
  return { measured, highest: await highestRate(gateway, kind, stepS, from) };
}

function toResult(
  size: number,
  kind: QueryKind,
  { measured, highest }: Awaited<ReturnType<typeof measure>>,
): BenchResult {
  const target: Target = { target: `p95_ms <= ${P95_TARGET_MS}`, met: measured.p95Ms <= P95_TARGET_MS };
  return {
    scenario: `${kind.name}, ${size} incidents`,
    settings: { incidents: size, query: kind.about, rate_per_s: RATE_PER_S },
    figures: {
      p50_ms: measured.p50Ms,
      p95_ms: measured.p95Ms,
      p99_ms: measured.p99Ms,
      max_ms: measured.maxMs,
      failed: measured.failed,
      highest_rate_per_s: highest,
    },
    targets: kind.name === 'default list' ? [target] : [],
  };
}

async function runSize(size: number, options: BenchOptions): Promise<BenchResult[]> {
  const { say, scenarios, isQuick } = options;
  const loaded = await loadIncidents(size, say);
  const gateway = await startGatewayUnderLoad(loaded.url);
  try {
    const ask = async (path: string) => {
      const answer = await fetch(`${gateway.url}${path}`, { headers: gateway.headers });
      return (await answer.json()) as { next_cursor: string | null };
    };
    const kinds = await queryKinds({ incidents: size, ask });
    const durations = isQuick ? { warmS: 1, measureS: 3, stepS: 1 } : { warmS: 3, measureS: 15, stepS: 4 };
    const results: BenchResult[] = [];
    for (const kind of kinds) {
      if (scenarios.length > 0 && !scenarios.some((name) => kind.name.includes(name))) continue;
      say(`${kind.name}, ${size} incidents`);
      results.push(toResult(size, kind, await measure(gateway, kind, durations)));
    }
    return results;
  } finally {
    await gateway.close();
  }
}

/** Every kind of question about incidents, at a constant rate, with few and with a million of them stored. */
export async function runIncidents(options: BenchOptions): Promise<readonly BenchResult[]> {
  const given = options.flags['incidents']?.split(',').map(Number);
  const sizes = given ?? (options.isQuick ? SIZES.slice(0, 1) : SIZES);
  const results: BenchResult[] = [];
  for (const size of sizes) results.push(...(await runSize(size, options)));
  return results;
}
