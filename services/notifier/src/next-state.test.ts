import { expect, test } from '@jest/globals';
import { type Answer, nextState } from './next-state.ts';

const scheduleS = [5, 30, 120];
const now = new Date('2026-11-22T14:00:00.000Z');

const failure = (only: Partial<Answer> = {}): Answer => ({
  outcome: 'http_error',
  statusCode: 500,
  responseHeaders: {},
  ...only,
});
const success = (headers: Record<string, string> = {}): Answer => ({
  outcome: 'success',
  statusCode: 204,
  responseHeaders: headers,
});
const after = (answer: Answer, number = 1) => nextState(answer, { number, scheduleS, now, random: () => 0 });

test('a success ends the delivery, whichever attempt it was', () => {
  for (const number of [1, 3, 4, 99])
    expect(after(success(), number)).toEqual({ next: { status: 'succeeded' } });
});

test.each([
  [1, 5_000],
  [2, 30_000],
  [3, 120_000],
])('failure %i waits its own step of the schedule', (number, delayMs) => {
  expect(after(failure(), number)).toEqual({ next: { status: 'pending', delayMs } });
});

test('the failure after the last step is the end: the delivery is dead', () => {
  expect(after(failure(), 4)).toEqual({ next: { status: 'dead' } });
  expect(after(failure({ statusCode: 429, responseHeaders: { 'retry-after': '60' } }), 4)).toEqual({
    next: { status: 'dead' },
  });
});

test.each([
  'timeout',
  'dns_error',
  'connection_error',
  'tls_error',
  'blocked_target',
  'response_error',
] as const)('a %s is retried like an answer that is no success', (outcome) => {
  expect(after({ outcome, statusCode: null, responseHeaders: null })).toEqual({
    next: { status: 'pending', delayMs: 5_000 },
  });
});

test.each([429, 503])('%i with Retry-After lengthens the delay and never shortens it', (statusCode) => {
  const asking = (retryAfter: string) =>
    after(failure({ statusCode, responseHeaders: { 'retry-after': retryAfter } }), 2).next;
  expect(asking('90')).toEqual({ status: 'pending', delayMs: 90_000 });
  expect(asking('1')).toEqual({ status: 'pending', delayMs: 30_000 });
  expect(asking('99999999')).toEqual({ status: 'pending', delayMs: 86_400_000 });
  expect(asking('soon')).toEqual({ status: 'pending', delayMs: 30_000 });
});

test.each([500, 301, 404])('%i with Retry-After keeps to the schedule', (statusCode) => {
  const answer = failure({ statusCode, responseHeaders: { 'retry-after': '90' } });
  expect(after(answer).next).toEqual({ status: 'pending', delayMs: 5_000 });
});

test('410 Gone asks to disable the endpoint; the delivery waits for it to be enabled', () => {
  expect(after(failure({ statusCode: 410 }))).toEqual({
    next: { status: 'pending', delayMs: 5_000 },
    disableReason: expect.stringContaining('410'),
  });
});

test('"webhook-delivery: disable" asks to disable the endpoint, on a success too', () => {
  const headers = { 'webhook-delivery': ' Disable ' };
  expect(after(failure({ responseHeaders: headers }))).toMatchObject({
    next: { status: 'pending' },
    disableReason: expect.stringContaining('disable'),
  });
  expect(after(success(headers))).toMatchObject({
    next: { status: 'succeeded' },
    disableReason: expect.stringContaining('disable'),
  });
});

test('"webhook-delivery: abort-message" ends this delivery alone', () => {
  const headers = { 'webhook-delivery': 'abort-message' };
  expect(after(failure({ responseHeaders: headers }))).toEqual({ next: { status: 'dead' } });
  expect(after(success(headers))).toEqual({ next: { status: 'succeeded' } });
});

test('another word in the control header changes nothing', () => {
  const answer = failure({ responseHeaders: { 'webhook-delivery': 'please' } });
  expect(after(answer)).toEqual({ next: { status: 'pending', delayMs: 5_000 } });
});
