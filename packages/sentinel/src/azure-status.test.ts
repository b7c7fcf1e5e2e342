import { RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { AppError } from '@socmate/runtime';
import { azureStatus } from './azure-status.ts';

test('the status that Azure answered is found behind what it was translated to', () => {
  const refused = new RestError('PUT answered 429', { statusCode: 429 });
  expect(azureStatus(refused)).toBe(429);
  const told = new AppError('unavailable', 'Azure throttles the requests', { cause: refused });
  expect(azureStatus(new Error('it failed', { cause: told }))).toBe(429);
});

test('where no answer came there is none', () => {
  const dropped = new RestError('socket hang up', { code: 'ECONNRESET' });
  expect(
    azureStatus(new AppError('unavailable', 'Azure could not be reached', { cause: dropped })),
  ).toBeUndefined();
  expect(azureStatus(new Error('of our own'))).toBeUndefined();
  expect(azureStatus('nothing')).toBeUndefined();
});
