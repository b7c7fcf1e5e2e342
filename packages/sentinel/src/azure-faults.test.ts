import { RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { type Attempted, azureFault } from './azure-faults.ts';

const attempted: Attempted = {
  doing: 'looking',
  onForbidden: { field: 'client_id', message: 'The application may not look' },
  onNotFound: (cause) => new AppError('upstream_error', 'There is nothing to look at', { cause }),
};

test('a 403 refuses the field that was tried, with the code of ARM', () => {
  const cause = new RestError('internal', { statusCode: 403, code: 'AuthorizationFailed' });
  expect(azureFault(attempted, cause)).toMatchObject({
    code: 'invalid_input',
    message: 'The application may not look (AuthorizationFailed)',
    check: 'incidents_read',
    field: 'client_id',
    cause,
  });
});

test.each([
  [401, 'unavailable'],
  [404, 'upstream_error'],
  [429, 'unavailable'],
  [500, 'unavailable'],
  [400, 'upstream_error'],
])('a %i refuses nothing of the connection', (statusCode, code) => {
  const fault = azureFault(attempted, new RestError('internal', { statusCode }));
  expect(fault).toMatchObject({ code });
  expect(fault).not.toHaveProperty('field');
});
