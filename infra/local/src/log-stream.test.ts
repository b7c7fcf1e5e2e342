import { expect, test } from '@jest/globals';
import { createFormat } from './log-stream.ts';

const format = createFormat(false);

test('a JSON line is one readable line with its service and fields', () => {
  const line = {
    level: 'warn',
    time: '2026-11-22T14:00:00.000Z',
    service: 'notifier',
    msg: 'late',
    attempt: 2,
  };
  expect(format('notifier-2', JSON.stringify(line))).toMatch(
    /^notifier-2 {5}\[.*\] WARN.*: late \{"attempt":2\}\n$/,
  );
});

test('what is no JSON is shown as it is', () => {
  expect(format('gateway', 'Segmentation fault')).toBe('gateway        Segmentation fault\n');
});
