import { randomUUID } from 'node:crypto';
import { until } from '@socmate/testing';
import { LONG, type Senders } from './start-senders.ts';
import type { Arrival, Mode, Subscriber, SubscriberRequest } from './start-subscriber.ts';
import { wasHeldUp } from './watch-heartbeats.ts';

/** What a run came to, as ids of events. */
interface Outcome {
  readonly lost: string[];
  readonly unknown: string[];
  /** What came again though it had been answered, and more often than once where that was allowed. */
  readonly repeated: string[];
  readonly overlapping: string[];
}

export const CLEAN: Outcome = { lost: [], unknown: [], repeated: [], overlapping: [] };

/** One endpoint and what is published to it, seen from the subscriber and from the rows. */
export interface DeliveryRun {
  readonly endpointId: string;
  publish(count: number): Promise<void>;
  arrivals(): ReadonlyMap<string, Arrival>;
  /** Resolves when this share of what was published has arrived. */
  reached(share: number): Promise<unknown>;
  /** What is not stored as delivered now. */
  pending(): Promise<Set<string>>;
  /** What has arrived by now and is not stored as delivered. */
  unsettled(): Promise<Set<string>>;
  /**
   * Waits until every delivery has succeeded and nobody holds one. What is in `mayRepeat` may come once more, and so may
   * what a notifier cut because the machine held it up until others might have taken it for dead.
   */
  outcome(mayRepeat?: ReadonlySet<string>): Promise<Outcome>;
}

const PENDING = `SELECT event_id AS id FROM delivery WHERE endpoint_id = $1 AND status = 'pending'`;
const UNFINISHED = `SELECT count(*)::int AS n FROM delivery
  WHERE endpoint_id = $1 AND (status <> 'succeeded' OR lease_owner IS NOT NULL)`;

interface RunOptions {
  readonly columns?: Record<string, unknown>;
  /** How the subscriber answers; `ok` where it is not said. */
  readonly modeOf?: (request: SubscriberRequest) => Mode;
}

export async function startRun(
  senders: Senders,
  subscriber: Subscriber,
  { columns, modeOf }: RunOptions = {},
): Promise<DeliveryRun> {
  const path = `/${randomUUID()}`;
  const startedAt = new Date();
  if (modeOf) subscriber.plan(path, modeOf);
  const endpointId = await senders.subscribe(subscriber.url + path, { max_in_flight: 16, ...columns });
  const { database } = senders;
  const published: string[] = [];
  const arrivals = (): ReadonlyMap<string, Arrival> => subscriber.arrivals(path);
  const pending = async (): Promise<Set<string>> => {
    const { rows } = await database.query<{ id: string }>(PENDING, [endpointId]);
    return new Set(rows.map(({ id }) => id));
  };
  const isFinished = async (): Promise<boolean> => {
    // Postgres itself may just be away.
    const answer = await database.query(UNFINISHED, [endpointId]).catch(() => undefined);
    return answer?.rows[0].n === 0;
  };
  return {
    endpointId,
    arrivals,
    pending,
    publish: async (count) => void published.push(...(await senders.publish(endpointId, count))),
    reached: (share) =>
      until(`${share} have arrived`, () => arrivals().size >= share * published.length, {
        ...LONG,
        everyMs: 2,
      }),
    unsettled: async () => new Set([...(await pending())].filter((id) => arrivals().has(id))),
    outcome: async (mayRepeat = new Set()) => {
      await until('every delivery has succeeded', isFinished, LONG);
      const expected = new Set(published);
      const isHeldUp = await wasHeldUp(database, startedAt);
      const again = [...arrivals()].filter(
        ([id, { count, refused, isCut }]) =>
          count - refused > (mayRepeat.has(id) || (isHeldUp && isCut) ? 2 : 1),
      );
      const isTaken = (arrival?: Arrival): boolean =>
        arrival !== undefined && arrival.count > arrival.refused;
      return {
        lost: published.filter((id) => !isTaken(arrivals().get(id))),
        unknown: [...arrivals().keys()].filter((id) => !expected.has(id)),
        repeated: again.map(([id]) => id),
        overlapping: [...subscriber.overlaps(path)],
      };
    },
  };
}
