import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { ConnectionError } from '@socmate/sentinel';
import { judgeWriteFault } from './write-back-fault.ts';

/** As the client of Azure leaves it behind what it throws. */
const answered = (statusCode?: number): Error =>
  Object.assign(new Error('of Azure'), { name: 'RestError', ...(statusCode && { statusCode }) });
const unavailable = (statusCode?: number): AppError =>
  new AppError('unavailable', 'Azure is not well', { cause: answered(statusCode) });

test.each([
  ['no answer', unavailable()],
  ['a 500', unavailable(500)],
  ['a 503', unavailable(503)],
  ['a 408', unavailable(408)],
  ['a 200 that cannot be read', new AppError('upstream_error', 'garbled', { cause: answered(200) })],
  ['a bug of ours', new TypeError('x is not a function')],
])('after %s the write may have arrived', (_, fault) => {
  expect(judgeWriteFault(fault)).toMatchObject({ kind: 'later', isUncertain: true, isUnspent: false });
});

test.each([
  ['a token that is not given', new ConnectionError('Entra ID could not be reached', { check: 'token' })],
  ['a token that is refused', unavailable(401)],
])('with %s nothing was written, and no attempt is spent', (_, fault) => {
  expect(judgeWriteFault(fault)).toMatchObject({ kind: 'later', isUncertain: false, isUnspent: true });
});

test('a 429 waits as long as Azure asks, or half a minute', () => {
  const asked = new AppError('unavailable', 'slow', { cause: answered(429), retryAfterS: 7 });
  expect(judgeWriteFault(asked)).toMatchObject({ kind: 'throttled', retryAfterS: 7 });
  expect(judgeWriteFault(unavailable(429))).toMatchObject({ kind: 'throttled', retryAfterS: 30 });
});

test.each([
  [
    'forbidden',
    new ConnectionError('no role', { check: 'comment_write', field: 'workspace_name', cause: answered(403) }),
  ],
  ['not_found', new AppError('not_found', 'no incident', { cause: answered(404) })],
  ['upstream_error', new AppError('invalid_input', 'not that content', { cause: answered(400) })],
  ['upstream_error', new AppError('upstream_error', 'odd', { cause: answered(418) })],
])('a refusal is final: %s', (code, fault) => {
  expect(judgeWriteFault(fault)).toEqual({ kind: 'refused', error: { code, message: fault.message } });
});

test('an incident that changed is looked at again', () => {
  const changed = new AppError('conflict', 'stale', { cause: answered(412) });
  expect(judgeWriteFault(changed)).toEqual({ kind: 'changed' });
});
