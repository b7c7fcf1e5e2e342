import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { expect, test } from '@jest/globals';
import { originPolicy } from './pipeline-policies.ts';

const policy = originPolicy('https://management.azure.com');
const send = (url: string) => {
  const sent: string[] = [];
  const request = createPipelineRequest({ url });
  const answer = policy.sendRequest(request, async (passed) => {
    sent.push(passed.url);
    return { request: passed, status: 200, headers: createHttpHeaders() };
  });
  return { answer, sent };
};

test('a link within the resource manager is followed', async () => {
  const { answer, sent } = send('https://management.azure.com/subscriptions?$skipToken=2');
  await answer;
  expect(sent).toHaveLength(1);
});

test.each([
  'https://management.azure.com.example/x',
  'https://management.azure.com:8443/x',
  'http://management.azure.com/x',
  'https://user@elsewhere.example/x',
  '//elsewhere.example',
  'javascript:alert(1)',
])('nothing is sent to %s', async (url) => {
  const { answer, sent } = send(url);
  await expect(answer).rejects.toMatchObject({ code: 'upstream_error' });
  expect(sent).toEqual([]);
});
