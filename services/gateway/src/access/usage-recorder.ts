import type { ApiKeyCredentials, ApiKeyUse } from '@socmate/database';
import { type Clock, type Logger, startTimer } from '@socmate/runtime';

export interface UsageRecorder {
  /** Remembers a use; it is written with the next flush, together with all others. */
  record(keyId: string, ip: string): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

export interface UsageRecorderDeps {
  readonly credentials: Pick<ApiKeyCredentials, 'recordUse'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly flushIntervalMs: number;
}

function add(uses: Map<string, ApiKeyUse>, use: ApiKeyUse): void {
  const before = uses.get(use.id);
  const latest = before && before.lastUsedAt > use.lastUsedAt ? before : use;
  uses.set(use.id, { ...latest, requests: use.requests + (before?.requests ?? 0) });
}

export function startUsageRecorder(deps: UsageRecorderDeps): UsageRecorder {
  const { credentials, clock, log, flushIntervalMs } = deps;
  let uses = new Map<string, ApiKeyUse>();
  const flush = async (): Promise<void> => {
    if (uses.size === 0) return;
    const taken = [...uses.values()];
    uses = new Map();
    try {
      await credentials.recordUse(taken);
    } catch (fault) {
      // Postgres is away: what was taken goes out with the next flush.
      for (const use of taken) add(uses, use);
      throw fault;
    }
  };
  const timer = startTimer('record-key-use', flushIntervalMs, log, flush);
  return {
    record: (id, lastUsedIp) => add(uses, { id, lastUsedAt: clock.now(), lastUsedIp, requests: 1 }),
    close: async () => {
      await timer.close();
      await flush();
    },
  };
}
