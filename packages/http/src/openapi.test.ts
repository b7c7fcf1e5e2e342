import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { createOpenApi, defineRoute } from './index.ts';

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Record<string, { description: string; headers: object; content?: object }>;
}

const start = defineRoute({
  method: 'post',
  path: '/starts',
  summary: 'Start',
  tag: 'Starts',
  scope: 'incidents:act',
  idempotent: true,
  alsoAnswers: { 202: 'It takes longer', 409: 'It runs already', 502: 'Azure refused' },
  takesHeaders: { Prefer: 'How long to wait' },
  sendsHeaders: { Location: 'Where it is read' },
  body: z.object({ name: z.string() }),
  response: z.object({ id: z.string() }),
  etag: (answer) => answer,
  handle: () => ({ id: 'x' }),
});

const operation = (): Operation => {
  const document = createOpenApi([start], {
    title: 't',
    version: '1',
    description: '',
    tags: [],
    webhooks: [],
  });
  return (document as { paths: Record<string, Record<string, Operation>> }).paths['/starts']?.[
    'post'
  ] as Operation;
};

test('a route is documented with every status that it declares, the good ones with its body', () => {
  const { responses } = operation();
  const good = {
    content: responses['200']?.content,
    headers: { Location: expect.anything(), ETag: expect.anything() },
  };
  expect(good.content).toBeDefined();
  expect(responses['202']).toMatchObject({ description: 'It takes longer', ...good });
  expect(responses['409']).toMatchObject({ description: 'It runs already' });
  expect(responses['502']).toMatchObject({
    description: 'Azure refused',
    content: responses['500']?.content,
  });
});

test('every header that a route takes is documented, and none is needed', () => {
  const headers = operation().parameters.filter((one) => one.in === 'header');
  expect(headers.map(({ name, required }) => [name, required])).toEqual([
    ['Idempotency-Key', false],
    ['If-None-Match', false],
    ['Prefer', false],
  ]);
});
