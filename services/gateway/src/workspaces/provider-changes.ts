import type { ProviderCreate, ProviderPatch, ProviderSync } from '@socmate/contracts';
import type { Sealer } from '@socmate/crypto';
import {
  appendAudit,
  createSiemProviders,
  type Pool,
  type ProviderRecord,
  type Queryable,
  type SiemProviders,
  transaction,
} from '@socmate/database';
import { AppError, type Clock, type Ids, notFound } from '@socmate/runtime';
import { type Acting, auditEntry, type Change, changedFields } from '../audit-entry.ts';
import { visibleProviders } from '../visible-providers.ts';
import { providerAudit } from './provider-view.ts';
import {
  assertCertificate,
  credentialColumns,
  patchedCredential,
  type SealingDeps,
} from './workspace-credential.ts';
import { connectionPlace, proveConnection, type WorkspaceDirectory } from './workspace-probe.ts';

export interface ProviderChangesDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly directory: WorkspaceDirectory;
  /** Wakes the sync of a workspace; never rejects. */
  readonly wake: (providerId: string) => Promise<void>;
}

/** Each change and its entry in the audit log commit together. */
export interface ProviderChanges {
  /** Connects a workspace that could be found and read; one that was connected before gets its old row back. */
  create(input: ProviderCreate, acting: Acting): Promise<ProviderRecord>;
  change(id: string, patch: ProviderPatch, acting: Acting): Promise<ProviderRecord>;
  remove(id: string, acting: Acting): Promise<void>;
  sync(id: string, asked: ProviderSync, acting: Acting): Promise<void>;
}

type Deps = ProviderChangesDeps;

async function audit(deps: Deps, db: Queryable, acting: Acting, made: Change): Promise<void> {
  await appendAudit(db, auditEntry(deps.ids, acting, made), deps.clock.now());
}

const sealing = ({ sealer, clock }: Deps): SealingDeps => ({ sealer, now: clock.now() });

/** Runs a change of workspaces while no other one runs. */
const changing = <T>(
  { pool }: Deps,
  work: (db: Queryable, providers: SiemProviders) => Promise<T>,
): Promise<T> =>
  transaction(pool, async (db) => {
    const providers = createSiemProviders(db);
    await providers.lock();
    return work(db, providers);
  });

async function visible(providers: SiemProviders, id: string, { principal }: Acting): Promise<ProviderRecord> {
  const provider = await providers.byId(id, visibleProviders(principal));
  if (!provider) throw notFound('workspace', id);
  return provider;
}

async function create(deps: Deps, input: ProviderCreate, acting: Acting): Promise<ProviderRecord> {
  if (visibleProviders(acting.principal))
    throw new AppError('forbidden', 'a key that is limited to workspaces connects no other ones');
  assertCertificate(input, deps.clock.now());
  const known = createSiemProviders(deps.pool);
  await known.assertNameIsFree(input.name);
  await known.formerId(input.workspace_id);
  const place = await proveConnection(deps.directory, input);
  const { client_secret: _, client_certificate: __, ...settings } = input;
  const connected = await changing(deps, async (db, providers) => {
    await providers.assertNameIsFree(input.name);
    const id = (await providers.formerId(input.workspace_id)) ?? deps.ids.next('prv');
    const provider = await providers.connect({
      ...settings,
      id,
      subscription_id: place.subscriptionId,
      resource_group: place.resourceGroup,
      workspace_name: place.workspaceName,
      ...credentialColumns(sealing(deps), id, input),
    });
    const made = { action: 'siem_provider.connected', target: id, after: providerAudit(provider) };
    await audit(deps, db, acting, made);
    return provider;
  });
  await deps.wake(connected.id);
  return connected;
}

/** New credentials are tried before they take the place of those that work. */
async function proveCredentials(deps: Deps, id: string, patch: ProviderPatch, acting: Acting): Promise<void> {
  const stored = await visible(createSiemProviders(deps.pool), id, acting);
  const patched = patchedCredential(deps.sealer, stored, patch);
  if (!patched) return;
  assertCertificate(patch, deps.clock.now());
  await proveConnection(deps.directory, { ...connectionPlace(stored), ...patched });
}

async function applyPatch(
  deps: Deps,
  providers: SiemProviders,
  before: ProviderRecord,
  patch: ProviderPatch,
) {
  const { is_default: isDefault, ...settings } = patch;
  const { client_secret: _, client_certificate: __, ...columns } = settings;
  const { id } = before;
  if (settings.name !== undefined && settings.name !== before.name) {
    await providers.assertNameIsFree(settings.name, id);
    await providers.rename(before.name, settings.name);
  }
  if (isDefault && !before.is_default) await providers.makeDefault(id);
  const credential = patchedCredential(deps.sealer, before, patch);
  return providers.update(id, {
    ...columns,
    ...(credential && credentialColumns(sealing(deps), id, credential)),
  });
}

async function change(deps: Deps, id: string, patch: ProviderPatch, acting: Acting): Promise<ProviderRecord> {
  await proveCredentials(deps, id, patch, acting);
  const changed = await changing(deps, async (db, providers) => {
    const before = await visible(providers, id, acting);
    const after = await applyPatch(deps, providers, before, patch);
    const states = changedFields(providerAudit(before), providerAudit(after));
    await audit(deps, db, acting, { action: 'siem_provider.updated', target: id, ...states });
    return after;
  });
  if (changed.enabled) await deps.wake(id);
  return changed;
}

async function remove(deps: Deps, id: string, acting: Acting): Promise<void> {
  await changing(deps, async (db, providers) => {
    const before = providerAudit(await visible(providers, id, acting));
    await providers.remove(id);
    await audit(deps, db, acting, { action: 'siem_provider.deleted', target: id, before });
  });
}

interface AskedSync {
  readonly asked: ProviderSync;
  readonly acting: Acting;
}

async function sync(deps: Deps, id: string, { asked, acting }: AskedSync): Promise<void> {
  await transaction(deps.pool, async (db) => {
    const providers = createSiemProviders(db);
    await visible(providers, id, acting);
    if (!(await providers.syncNow(id, { isReconciled: asked.reconcile })))
      throw new AppError('conflict', 'the workspace is disabled: enable it, then sync it');
    const made = { action: 'siem_provider.sync_requested', target: id, after: asked };
    await audit(deps, db, acting, made);
  });
  await deps.wake(id);
}

export const createProviderChanges = (deps: ProviderChangesDeps): ProviderChanges => ({
  create: (input, acting) => create(deps, input, acting),
  change: (id, patch, acting) => change(deps, id, patch, acting),
  remove: (id, acting) => remove(deps, id, acting),
  sync: (id, asked, acting) => sync(deps, id, { asked, acting }),
});
