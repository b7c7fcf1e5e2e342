import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { ConnectionError } from '@socmate/sentinel';
import { checkFault, connectionFault } from './connection-fault.ts';

test('a refusal is a 422 at the field that it is about, whatever its words', () => {
  const message = 'Azure said no (AADSTS7000215)';
  const refusal = {
    status: 422,
    issues: [{ loc: ['body', 'tenant_id'], msg: message, type: 'connection_refused' }],
  };
  const field = 'tenant_id';
  expect(connectionFault(new ConnectionError(message, { check: 'token', field }))).toMatchObject(refusal);
  expect(checkFault({ name: 'token', status: 'denied', field, message })).toMatchObject(refusal);
});

test.each([
  ['a sign-in without an answer', new ConnectionError('Azure is away', { check: 'token' })],
  ['unavailable', new AppError('unavailable', 'Azure is away')],
  ['upstream_error', new AppError('upstream_error', 'Azure is away')],
])('%s is a 502: Azure is at fault', (_, fault) => {
  expect(connectionFault(fault)).toMatchObject({ status: 502, message: 'Azure is away', cause: fault });
});

test('a check that failed is a 502', () => {
  const message = 'Azure is away';
  expect(checkFault({ name: 'token', status: 'failed', message })).toMatchObject({ status: 502, message });
});

test('a bug stays a bug', () => {
  const bug = new TypeError('x is not a function');
  expect(connectionFault(bug)).toBe(bug);
});
