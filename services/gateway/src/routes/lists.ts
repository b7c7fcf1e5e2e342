import {
  idInPath,
  ListEntry,
  ListEntryCreate,
  ListName,
  ListQuery,
  pageOf,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Principal, type Route, reply } from '@socmate/http';
import { AppError, notFound } from '@socmate/runtime';
import { z } from 'zod';
import { createListCursors } from '../list-cursor.ts';
import { listKeys } from '../lists/list-value.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'cursors' | 'listChanges' | 'lists'>;

const path = '/api/admin/lists/{name}';
const one = `${path}/{id}` as const;
const name = idInPath().meta({
  example: 'watch',
  description: `${ListName.meta()?.description ?? ''} Others are not found.`,
});
const params = z.object({ name });
const oneParams = z.object({ name, id: idInPath().meta({ example: 'lst_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }) });
const head = { tag: 'Lists', scope: 'admin' } as const;

function listNamed(given: string): ListName {
  const found = ListName.safeParse(given);
  if (found.success) return found.data;
  throw new AppError('not_found', `there is no such list: the lists are ${ListName.options.join(', ')}`);
}

function assertUnlimited({ providers }: Principal): void {
  if (providers.length > 0)
    throw new AppError('forbidden', 'a key that is limited to workspaces has no part in the lists of all');
}

const addEntry = ({ listChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path,
    summary: 'Add an entry to a list',
    description:
      'The value is kept in its normal form. It counts for every workspace, from the next enrichment on.',
    idempotent: true,
    params,
    body: ListEntryCreate,
    status: 201,
    response: ListEntry,
    handle: async (input) => {
      assertUnlimited(input.principal);
      const list = listNamed(input.params.name);
      const entry = await listChanges.add(list, input.body, input);
      return reply(entry, { headers: { location: `/api/admin/lists/${list}/${entry.id}` } });
    },
  });

const listEntries = ({ lists, cursors }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'get',
    path,
    summary: 'List the entries of a list',
    description: 'Newest first, those that have ended among them.',
    params,
    query: ListQuery,
    response: pageOf(ListEntry),
    handle: async ({ params: { name: given }, query, principal }) => {
      assertUnlimited(principal);
      const list = listNamed(given);
      const listCursors = createListCursors(cursors, `/api/admin/lists/${list}`);
      const { after } = listCursors.open(query);
      const filter = { list, keys: query.value === undefined ? undefined : listKeys(query.value) };
      const { limit, offset } = query;
      const [{ entries, next }, counted] = await Promise.all([
        lists.list(filter, { limit, offset, after }),
        lists.count(filter),
      ]);
      return toPage(entries, counted, query, listCursors.next(query, next));
    },
  });

const getEntry = ({ lists }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'get',
    path: one,
    summary: 'Get an entry of a list',
    params: oneParams,
    response: ListEntry,
    handle: async ({ params: { name: given, id }, principal }) => {
      assertUnlimited(principal);
      const entry = await lists.byId(listNamed(given), id);
      if (!entry) throw notFound('list entry', id);
      return entry;
    },
  });

const removeEntry = ({ listChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'delete',
    path: one,
    summary: 'Remove an entry from a list',
    params: oneParams,
    handle: async (input) => {
      assertUnlimited(input.principal);
      await listChanges.remove(listNamed(input.params.name), input.params.id, input);
    },
  });

export const listRoutes = (deps: Deps): Route[] => [
  addEntry(deps),
  listEntries(deps),
  getEntry(deps),
  removeEntry(deps),
];
