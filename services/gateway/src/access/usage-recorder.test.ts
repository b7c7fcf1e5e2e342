import { expect, test } from '@jest/globals';
import type { ApiKeyUse } from '@socmate/database';
import { createLogger } from '@socmate/runtime';
import { until } from '@socmate/testing';
import { startUsageRecorder } from './usage-recorder.ts';

const HOUR_MS = 3_600_000;

function build({ failures = 0, flushIntervalMs = HOUR_MS } = {}) {
  const written: ApiKeyUse[][] = [];
  let left = failures;
  let now = 0;
  const recorder = startUsageRecorder({
    clock: { now: () => new Date(now++) },
    log: createLogger('test', 'silent'),
    flushIntervalMs,
    credentials: {
      recordUse: (uses) => {
        if (left-- > 0) return Promise.reject(new Error('away'));
        written.push([...uses]);
        return Promise.resolve();
      },
    },
  });
  return { recorder, written, failed: () => left <= 0 };
}

test('the uses of a key are one row: how many, and when and from where the last', async () => {
  const { recorder, written } = build();
  recorder.record('key_a', '192.0.2.1');
  recorder.record('key_b', '192.0.2.2');
  recorder.record('key_a', '192.0.2.3');
  await recorder.close();
  expect(written).toEqual([
    [
      { id: 'key_a', lastUsedAt: new Date(2), lastUsedIp: '192.0.2.3', requests: 2 },
      { id: 'key_b', lastUsedAt: new Date(1), lastUsedIp: '192.0.2.2', requests: 1 },
    ],
  ]);
});

test('what could not be written goes out with the next flush, once', async () => {
  const { recorder, written, failed } = build({ failures: 1, flushIntervalMs: 5 });
  recorder.record('key_a', '192.0.2.1');
  await until('a flush has failed', failed);
  recorder.record('key_a', '192.0.2.2');
  await recorder.close();
  const requests = written.flat().reduce((sum, use) => sum + use.requests, 0);
  expect([requests, written.flat().at(-1)?.lastUsedIp]).toEqual([2, '192.0.2.2']);
});

test('without use nothing is written', async () => {
  const { recorder, written } = build({ flushIntervalMs: 1 });
  await recorder.close();
  expect(written).toEqual([]);
});
