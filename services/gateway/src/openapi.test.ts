import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { DeliveredType } from '@socmate/contracts';
import { openApiDocument } from './openapi.ts';

interface Operation {
  readonly security: readonly Record<string, readonly string[]>[];
  readonly parameters: readonly { readonly name: string }[];
  readonly responses: Record<string, unknown>;
  readonly tags: readonly string[];
}

const document = openApiDocument() as {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, unknown>;
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

test('the committed document is what the routes say', async () => {
  const committed = await readFile(new URL('../openapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(document)));
});

test('every operation that is not health asks for a scope and describes its refusals', () => {
  const guarded = operations.filter(({ tags }) => !tags.includes('Health'));
  expect(guarded.length).toBeGreaterThan(0);
  for (const { security, responses } of guarded) {
    expect(security[0]?.['ApiKey']).toHaveLength(1);
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['401', '403', '422', '429', '500', '503']),
    );
  }
});

test('a status change is documented with all that it takes and answers', () => {
  const operation = document.paths['/api/v1/incidents/{number}/status']?.['post'];
  expect(operation?.parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Idempotency-Key', 'Prefer', 'If-Match']),
  );
  for (const status of ['200', '202'])
    expect(operation?.responses[status]).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/StatusChange' } } },
      headers: { Location: expect.anything() },
    });
  expect(Object.keys(operation?.responses ?? {})).toEqual(
    expect.arrayContaining(['403', '404', '409', '502']),
  );
});

test('every tag in use is described, and the events are there', () => {
  const described = new Set(document.tags.map(({ name }) => name));
  for (const { tags } of operations) for (const tag of tags) expect(described).toContain(tag);
  expect([document.openapi, Object.keys(document.webhooks)]).toEqual(['3.1.0', DeliveredType.options]);
});
