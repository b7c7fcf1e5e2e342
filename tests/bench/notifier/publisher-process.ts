import { setTimeout as delay } from 'node:timers/promises';
import { deliverWebhook } from '@socmate/contracts';
import { createPool, type NewEvent, publishEvents, transaction } from '@socmate/database';
import { startWakeUps } from '@socmate/queue';
import { createIds, createLogger, type Ids, systemClock } from '@socmate/runtime';
import { requireEnv } from '@socmate/testing';
import { seededRandom } from '../../system/seeded-random.ts';
import { answerQuestions } from './bench-process.ts';
import { clockMs } from './clock-ms.ts';

export interface PublisherQuestion {
  readonly events: number;
  readonly perTransaction: number;
  /** As fast as four connections go where it is not given. */
  readonly eventsPerS?: number;
  /** The rows alone, without the wake-up jobs. */
  readonly isSilent?: boolean;
}

export interface Published {
  readonly ids: readonly string[];
  /** When each was due to be published; where no rate is given, when its transaction began. */
  readonly dueAt: readonly number[];
  readonly committedAt: readonly number[];
}

interface Log {
  readonly ids: string[];
  readonly dueAt: number[];
  readonly committedAt: number[];
}

const BODY_BYTES = 2_048;
const ENVELOPE_BYTES = 112;
const CONNECTIONS = 8;
/** As many as a busy sentinel-sync has at work on its pages. */
const BACKLOG_CONNECTIONS = 4;

const pool = createPool(requireEnv('DATABASE_URL'), { size: CONNECTIONS, name: 'publisher' });
const connection = { url: requireEnv('REDIS_URL'), prefix: requireEnv('QUEUE_PREFIX') };
const wakeUps = startWakeUps(deliverWebhook, connection, createLogger('publisher', 'warn'));
const ids = createIds();
let made = 0;

/** Packs about as well as text does. */
const PROSE = prose(2 * BODY_BYTES);

function prose(length: number): string {
  const random = seededRandom(7);
  const letter = (): string => String.fromCharCode(97 + Math.floor(26 * random() ** 2));
  const word = (): string => Array.from({ length: 2 + Math.floor(9 * random()) }, letter).join('');
  return Array.from({ length: length / 2 }, word)
    .join(' ')
    .slice(0, length);
}

const incident = {
  title: 'Password spray',
  severity: 'high',
  provider: 'bench',
  rules: ['Password spray'],
  products: [],
  labels: [],
  tactics: [],
} as const;
const traits = { type: 'incident-alert', reason: 'new', severity: 'high', previousSeverity: null } as const;

function anEvent(): NewEvent {
  made += 1;
  const described = { ...incident, number: made, description: '' };
  const data = { reason: 'new', previous_severity: null, incident: described };
  const start = (made * 61) % BODY_BYTES;
  const length = BODY_BYTES - ENVELOPE_BYTES - JSON.stringify(data).length;
  described.description = PROSE.slice(start, start + length);
  return {
    type: 'incident-alert',
    causeKey: `bench:${process.pid}:${made}`,
    providerId: null,
    traits: { ...traits, provider: 'bench', incident },
    data,
  };
}

/** Keeps the ids of the events that are made with it. */
function noting(own: string[]): Ids {
  return {
    next: (prefix) => {
      const id = ids.next(prefix);
      if (prefix === 'evt') own.push(id);
      return id;
    },
  };
}

interface Transaction {
  readonly count: number;
  readonly dueAt: number;
  readonly isSilent: boolean;
}

/** As a service does it: the events and their deliveries in one transaction, and then one wake-up. */
async function publish(log: Log, { count, dueAt, isSilent }: Transaction): Promise<void> {
  const own: string[] = [];
  const making = { ids: noting(own), clock: systemClock };
  const events = Array.from({ length: count }, anEvent);
  const endpointIds = await transaction(pool, (db) => publishEvents(db, making, events, undefined));
  const committedAt = clockMs();
  for (const id of own) {
    log.ids.push(id);
    log.dueAt.push(dueAt);
    log.committedAt.push(committedAt);
  }
  if (!isSilent && endpointIds.length > 0) await wakeUps.wake({ endpointIds });
}

async function publishBacklog(question: PublisherQuestion, log: Log): Promise<void> {
  const { events, perTransaction, isSilent = false } = question;
  let left = events;
  const work = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(left, perTransaction);
      left -= count;
      await publish(log, { count, dueAt: clockMs(), isSilent });
    }
  };
  await Promise.all(Array.from({ length: BACKLOG_CONNECTIONS }, work));
}

async function publishAtRate(question: PublisherQuestion, eventsPerS: number, log: Log): Promise<void> {
  const { events, perTransaction } = question;
  const beganAt = clockMs();
  const publishing: Promise<void>[] = [];
  for (let position = 0; position < events; position += perTransaction) {
    const dueAt = beganAt + (position * 1_000) / eventsPerS;
    const waitMs = dueAt - clockMs();
    if (waitMs > 0) await delay(waitMs);
    const count = Math.min(perTransaction, events - position);
    publishing.push(publish(log, { count, dueAt, isSilent: false }));
  }
  await Promise.all(publishing);
}

answerQuestions(async (question: PublisherQuestion): Promise<Published> => {
  const log: Log = { ids: [], dueAt: [], committedAt: [] };
  if (question.eventsPerS === undefined) await publishBacklog(question, log);
  else await publishAtRate(question, question.eventsPerS, log);
  return log;
});
