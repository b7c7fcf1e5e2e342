import { expect, test } from '@jest/globals';
import { endpointProviders } from './endpoint-providers.ts';

const known = [
  { id: 'prv_1', name: 'eu' },
  { id: 'prv_2', name: 'us' },
];
const providers = {
  resolve: async (ref: string) =>
    known.filter(({ id, name }) => id === ref || name === ref || (ref === 'sentinel' && name === 'us')),
};

test('names, ids and `sentinel` become names, each once', async () => {
  expect(await endpointProviders(providers, undefined, ['prv_1', 'eu', 'sentinel'])).toEqual(['eu', 'us']);
});

test('null is all workspaces, and of a caller who sees some, these', async () => {
  expect(await endpointProviders(providers, undefined, null)).toBeNull();
  expect(await endpointProviders(providers, ['eu'], null)).toEqual(['eu']);
});

test.each([[['nowhere']], [['eu', 'us']]])('%j is refused to a caller who sees only eu', async (given) => {
  await expect(endpointProviders(providers, ['eu'], given)).rejects.toMatchObject({
    status: 422,
    issues: [{ loc: ['body', 'providers', given.length - 1] }],
  });
});
