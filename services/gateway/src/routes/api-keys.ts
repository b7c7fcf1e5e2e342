import {
  ApiKey,
  ApiKeyPatch,
  ApiKeyToCreate,
  CreatedApiKey,
  idInPath,
  PageQuery,
  pageOf,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Route, reply } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { toApiKey } from '../api-keys/to-api-key.ts';
import { createListCursors } from '../list-cursor.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'apiKeys' | 'manageApiKeys' | 'clock' | 'cursors'>;

const path = '/api/admin/api-keys';
const one = `${path}/{id}` as const;
const params = z.object({ id: idInPath().meta({ example: 'key_01KAXF7Q9V6T3X8WZ2M4N5P6R7' }) });
const head = { tag: 'API keys', scope: 'admin' } as const;

const createKey = ({ manageApiKeys, clock }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path,
    summary: 'Create a key',
    description: 'The key itself is in this answer and in no other.',
    documented: true,
    idempotent: true,
    body: ApiKeyToCreate,
    status: 201,
    response: CreatedApiKey,
    handle: async (input) => {
      const { key, apiKey } = await manageApiKeys.create(input.body, input);
      const body = { ...toApiKey(key, clock.now()), api_key: apiKey, header_name: 'X-API-Key' as const };
      return reply(body, { headers: { location: `${path}/${key.id}`, 'cache-control': 'no-store' } });
    },
  });

function listKeys({ apiKeys, clock, cursors }: Deps): Route {
  const listCursors = createListCursors(cursors, path);
  return defineRoute({
    ...head,
    method: 'get',
    path,
    summary: 'List keys',
    query: PageQuery,
    response: pageOf(ApiKey),
    handle: async ({ query }) => {
      const now = clock.now();
      const { after } = listCursors.open(query);
      const { keys, total, next } = await apiKeys.list({ ...query, after }, now);
      const items = keys.map((key) => toApiKey(key, now));
      return toPage(items, total, query, listCursors.next(query, next));
    },
  });
}

const getKey = ({ apiKeys, clock }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'get',
    path: one,
    summary: 'Get a key',
    params,
    response: ApiKey,
    handle: async ({ params: { id } }) => {
      const now = clock.now();
      const key = await apiKeys.byId(id, now);
      if (!key) throw notFound('API key', id);
      return toApiKey(key, now);
    },
  });

const changeKey = ({ manageApiKeys, clock }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'patch',
    path: one,
    summary: 'Change a key',
    params,
    body: ApiKeyPatch,
    response: ApiKey,
    handle: async (input) =>
      toApiKey(await manageApiKeys.update(input.params.id, input.body, input), clock.now()),
  });

const switchKey = ({ manageApiKeys, clock }: Deps, verb: 'disable' | 'enable'): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path: `${one}/${verb}`,
    summary: `${verb === 'disable' ? 'Disable' : 'Enable'} a key`,
    ...(verb === 'disable' && { description: 'Every gateway refuses it within two seconds.' }),
    params,
    response: ApiKey,
    handle: async (input) => toApiKey(await manageApiKeys[verb](input.params.id, input), clock.now()),
  });

const deleteKey = ({ manageApiKeys }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'delete',
    path: one,
    summary: 'Delete a key',
    description: 'Every gateway refuses it within two seconds. It cannot be brought back.',
    params,
    handle: async (input) => {
      await manageApiKeys.remove(input.params.id, input);
    },
  });

export const apiKeyRoutes = (deps: Deps): Route[] => [
  createKey(deps),
  listKeys(deps),
  getKey(deps),
  changeKey(deps),
  switchKey(deps, 'disable'),
  switchKey(deps, 'enable'),
  deleteKey(deps),
];
