import type { Governor, Quotas, Slot } from '@socmate/queue';
import type { Clock } from '@socmate/runtime';

interface State {
  begins: number[];
  day: number;
  used: number;
  blockedUntil: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The governor of one replica alone, for while Redis is away. */
export function createLocalGovernor(clock: Clock): Governor {
  const states = new Map<string, State>();
  const stateOf = (name: string): State => {
    const state = states.get(name) ?? { begins: [], day: 0, used: 0, blockedUntil: 0 };
    states.set(name, state);
    return state;
  };
  const now = (): number => clock.now().getTime();
  return {
    take: async (name, quotas, patienceMs) => take(stateOf(name), quotas, { now: now(), patienceMs }),
    block: async (name, forMs) => {
      const state = stateOf(name);
      state.blockedUntil = Math.max(state.blockedUntil, now() + forMs);
    },
    blockedMs: async (name) => Math.max(0, stateOf(name).blockedUntil - now()),
  };
}

function take(state: State, quotas: Quotas, { now, patienceMs }: { now: number; patienceMs: number }): Slot {
  const { perMinute = 0, perDay = 0 } = quotas;
  const day = Math.floor(now / DAY_MS);
  const used = state.day === day ? state.used : 0;
  const oldest = perMinute > 0 ? state.begins.at(-perMinute) : undefined;
  const bounds: [number, Slot['why']][] = [
    [now, undefined],
    [state.blockedUntil, 'blocked'],
    [perDay > 0 && used >= perDay ? (day + 1) * DAY_MS : 0, 'day'],
    [oldest === undefined ? 0 : oldest + MINUTE_MS, 'minute'],
    [perMinute > 0 ? (state.begins.at(-1) ?? 0) : 0, 'minute'],
  ];
  const [at, why] = bounds.reduce((latest, bound) => (bound[0] > latest[0] ? bound : latest));
  const waitMs = at - now;
  if (waitMs > patienceMs) return { isTaken: false, waitMs, why };
  state.begins = perMinute > 0 ? [...state.begins, at].slice(-perMinute) : [];
  state.day = day;
  state.used = used + 1;
  return { isTaken: true, waitMs, why };
}
