import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { connectionFault } from './connection-fault.ts';

test.each([
  ['Entra ID refused the client secret of application a: it is wrong (AADSTS7000215)', 'client_secret'],
  ['Entra ID refused the client secret of application a: it has expired (AADSTS7000222)', 'client_secret'],
  ['Entra ID knows no tenant b (AADSTS90002)', 'tenant_id'],
  ['Entra ID knows no tenant b (AADSTS900023)', 'tenant_id'],
  ['Entra ID knows no application a in tenant b (AADSTS700016)', 'client_id'],
  ['Entra ID refused the sign-in (AADSTS50034)', 'client_id'],
  ['The application may not list the workspaces (AuthorizationFailed)', 'client_id'],
  ['Application a sees no workspace c: the id is wrong', 'workspace_id'],
])('%s is a 422 at its field', (message, field) => {
  expect(connectionFault(new AppError('invalid_input', message))).toMatchObject({
    status: 422,
    issues: [{ loc: ['body', field], msg: message }],
  });
});

test.each(['unavailable', 'upstream_error', 'rate_limited'] as const)(
  '%s is a 502: Azure is at fault',
  (code) => {
    expect(connectionFault(new AppError(code, 'Azure answered 500'))).toMatchObject({
      status: 502,
      message: 'Azure answered 500',
    });
  },
);

test('a bug stays a bug', () => {
  const bug = new TypeError('x is not a function');
  expect(connectionFault(bug)).toBe(bug);
});
