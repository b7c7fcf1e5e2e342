import {
  idInPath,
  PageQuery,
  Provider,
  ProviderCreate,
  ProviderDetail,
  ProviderHealth,
  ProviderPatch,
  ProviderSync,
  ProviderTest,
  pageOf,
  SyncQueued,
  toPage,
} from '@socmate/contracts';
import { defineRoute, type Route, reply } from '@socmate/http';
import { notFound } from '@socmate/runtime';
import { z } from 'zod';
import { createListCursors } from '../list-cursor.ts';
import { visibleProviders } from '../visible-providers.ts';
import { providerView } from '../workspaces/provider-view.ts';
import { assertCertificate } from '../workspaces/workspace-credential.ts';
import { storedConnection, testConnection } from '../workspaces/workspace-probe.ts';
import type { RouteDeps } from './route-deps.ts';

type Deps = Pick<RouteDeps, 'clock' | 'cursors' | 'directory' | 'providerChanges' | 'providers' | 'sealer'>;

const path = '/api/admin/siem-providers';
const one = `${path}/{id}` as const;
const params = z.object({ id: idInPath().meta({ example: 'prv_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }) });
const head = { tag: 'Workspaces', scope: 'admin' } as const;

const testUnsaved = ({ clock, directory }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path: `${path}/test`,
    summary: 'Try a connection without storing it',
    description: 'A refusal is an answer (`status: error`), with each permission that was tried.',
    documented: true,
    body: ProviderTest,
    response: ProviderHealth,
    handle: ({ body }) => {
      assertCertificate(body, clock.now());
      return testConnection(directory, body);
    },
  });

const createProvider = ({ providerChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path,
    summary: 'Connect a workspace',
    description:
      'Its place is looked up by `workspace_id` where it is not given. What the application may not read is 422 at the field; a fault of Azure is 502. A workspace that was deleted comes back under its old id.',
    documented: true,
    idempotent: true,
    body: ProviderCreate,
    status: 201,
    response: Provider,
    handle: async (input) => {
      const provider = await providerChanges.create(input.body, input);
      return reply(providerView(provider), { headers: { location: `${path}/${provider.id}` } });
    },
  });

const listProviders = ({ cursors: codec, providers }: Deps): Route => {
  const cursors = createListCursors(codec, path);
  return defineRoute({
    ...head,
    method: 'get',
    path,
    summary: 'List workspaces',
    query: PageQuery,
    response: pageOf(Provider),
    handle: async ({ query, principal }) => {
      const { after } = cursors.open(query);
      const view = visibleProviders(principal);
      const [listing, counted] = await Promise.all([
        providers.list(view, { ...query, after }),
        providers.count(view),
      ]);
      return toPage(listing.providers.map(providerView), counted, query, cursors.next(query, listing.next));
    },
  });
};

const getProvider = ({ providers }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'get',
    path: one,
    summary: 'Get a workspace',
    description: 'With the first of the incidents that could not be stored.',
    params,
    response: ProviderDetail,
    handle: async ({ params: { id }, principal }) => {
      const provider = await providers.byId(id, visibleProviders(principal));
      if (!provider) throw notFound('workspace', id);
      return { ...providerView(provider), skipped: await providers.skippedOf(id) };
    },
  });

const changeProvider = ({ providerChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'patch',
    path: one,
    summary: 'Change a workspace',
    description:
      'New credentials are tried before they are stored. With a new `credential_type` comes what that kind is made of.',
    params,
    body: ProviderPatch,
    response: Provider,
    handle: async (input) => providerView(await providerChanges.change(input.params.id, input.body, input)),
  });

const deleteProvider = ({ providerChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'delete',
    path: one,
    summary: 'Disconnect a workspace',
    description: 'Its incidents stay. The oldest of the others becomes the default one, if this was it.',
    params,
    handle: (input) => providerChanges.remove(input.params.id, input),
  });

const testSaved = ({ directory, providers, sealer }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path: `${one}/test`,
    summary: 'Try the connection of a workspace',
    params,
    response: ProviderHealth,
    handle: async ({ params: { id }, principal }) => {
      const provider = await providers.byId(id, visibleProviders(principal));
      if (!provider) throw notFound('workspace', id);
      const health = await testConnection(directory, storedConnection(sealer, provider));
      await providers.recordHealthCheck(id);
      return health;
    },
  });

const syncProvider = ({ providerChanges }: Deps): Route =>
  defineRoute({
    ...head,
    method: 'post',
    path: `${one}/sync`,
    summary: 'Sync a workspace now',
    params,
    body: ProviderSync,
    status: 202,
    response: SyncQueued,
    handle: async (input) => {
      await providerChanges.sync(input.params.id, input.body, input);
      return { id: input.params.id, status: 'queued' as const };
    },
  });

export const siemProviderRoutes = (deps: Deps): Route[] => [
  testUnsaved(deps),
  createProvider(deps),
  listProviders(deps),
  getProvider(deps),
  changeProvider(deps),
  deleteProvider(deps),
  testSaved(deps),
  syncProvider(deps),
];
