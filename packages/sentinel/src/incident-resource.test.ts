import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { isGone } from './incident-resource.ts';

const request = createPipelineRequest({ url: 'https://azure.example' });

const fault = (status: number, bodyAsText: string): RestError =>
  new RestError('refused', {
    statusCode: status,
    request,
    response: { request, status, bodyAsText, headers: createHttpHeaders() },
  });
const answer = (code: string): string => JSON.stringify({ error: { code, message: 'no' } });

test('only what Sentinel says of the incident itself means that it is gone', () => {
  expect(isGone(fault(404, answer('NotFound')))).toBe(true);
  for (const code of [
    'ResourceGroupNotFound',
    'ResourceNotFound',
    'WorkspaceNotFound',
    'SubscriptionNotFound',
  ])
    expect(isGone(fault(404, answer(code)))).toBe(false);
  expect(isGone(fault(404, '<html>Not Found</html>'))).toBe(false);
  expect(isGone(fault(404, ''))).toBe(false);
  expect(isGone(fault(410, answer('NotFound')))).toBe(false);
  expect(isGone(new Error('no'))).toBe(false);
});
