import { expect, test } from '@jest/globals';
import { assertWellFormed, signInFault } from './sign-in-fault.ts';
import type { AzureCredentials } from './workspace.ts';

const credentials: AzureCredentials = {
  credentialType: 'secret',
  cloud: 'public',
  tenantId: 'contoso',
  clientId: 'app',
  clientSecret: 'secret',
};
const reset = new Error('socket hang up');

test.each([
  ['7000215', 'client_secret'],
  ['7000222', 'client_secret'],
  ['90002', 'tenant_id'],
  ['900023', 'tenant_id'],
  ['700016', 'client_id'],
  ['50034', 'client_id'],
])('AADSTS%s is a refusal of %s', (code, field) => {
  const told = { code: 'invalid_input', check: 'token', field, message: expect.stringContaining(code) };
  const answer = { status: 400, code };
  expect(
    signInFault(credentials, new Error(`AADSTS${code}: no`), { ...answer, code: undefined }),
  ).toMatchObject(told);
  expect(signInFault(credentials, new Error('the discovery failed'), answer)).toMatchObject(told);
});

test.each([
  ['no answer', undefined, 'Entra ID could not be reached'],
  ['429', { status: 429, code: undefined }, 'Entra ID answered 429'],
  ['500 with a code', { status: 500, code: '90033' }, 'Entra ID answered 500 (AADSTS90033)'],
  ['an answer without a token', { status: 200, code: undefined }, 'Entra ID gave no access token in time'],
])('%s is a fault of the sign-in that refuses no field', (_, seen, message) => {
  const told = { code: 'unavailable', check: 'token', field: undefined, message, cause: reset };
  expect(signInFault(credentials, reset, seen)).toMatchObject(told);
});

test.each([
  ['tenant_id', { tenantId: 'a tenant' }],
  ['client_id', { clientId: '' }],
  ['client_secret', { clientSecret: '' }],
])('a malformed %s is refused before Entra is asked', (field, only) => {
  const refused = expect.objectContaining({ code: 'invalid_input', check: 'token', field });
  expect(() => assertWellFormed({ ...credentials, ...only })).toThrow(refused);
});
