import {
  type SecretRotation,
  sealContext,
  type WebhookEndpointCreate,
  type WebhookEndpointPatch,
} from '@socmate/contracts';
import { createWebhookSecret, parseWebhookSecret, type Sealer } from '@socmate/crypto';
import {
  appendAudit,
  cancelDeliveries,
  createSiemProviders,
  createWebhookEndpoints,
  type EndpointChange,
  type EndpointRecord,
  type EndpointView,
  type Ping,
  type Pool,
  publishPing,
  type Queryable,
  transaction,
} from '@socmate/database';
import { checkTarget, type TargetPolicy } from '@socmate/egress';
import {
  AppError,
  type Clock,
  currentTraceparent,
  type Ids,
  invalidField,
  type Logger,
  notFound,
} from '@socmate/runtime';
import { type Acting, auditEntry, type Change, changedFields } from '../audit-entry.ts';
import { assertWholeUrl } from './assert-secret.ts';
import { authColumns, checkAuth, patchedAuth } from './endpoint-auth.ts';
import { headerColumns, patchedHeaders } from './endpoint-headers.ts';
import { endpointProviders } from './endpoint-providers.ts';
import { endpointAudit } from './endpoint-view.ts';
import { maskUrl } from './mask-url.ts';
import { assertGivenAgain } from './moved-endpoint.ts';

export interface EndpointChangesDeps {
  readonly pool: Pool;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly policy: TargetPolicy;
  readonly log: Logger;
  /** Wakes the notifier; never rejects. */
  readonly wake: (endpointId: string) => Promise<void>;
}

/** Who acts, and on which of the endpoints it sees. */
export interface EndpointActing extends Acting {
  readonly view: EndpointView;
}

/** Each change and its entry in the audit log commit together. */
export interface EndpointChanges {
  create(
    input: WebhookEndpointCreate,
    acting: EndpointActing,
  ): Promise<{ endpoint: EndpointRecord; secret: string }>;
  change(id: string, patch: WebhookEndpointPatch, acting: EndpointActing): Promise<EndpointRecord>;
  rotateSecret(
    id: string,
    rotation: SecretRotation,
    acting: EndpointActing,
  ): Promise<{ endpoint: EndpointRecord; secret: string }>;
  remove(id: string, acting: EndpointActing): Promise<void>;
  ping(id: string, acting: EndpointActing): Promise<Ping>;
}

const DISABLED_BY_HAND = 'disabled by hand';

function secretOf(given: string | undefined): string {
  if (given === undefined) return createWebhookSecret();
  try {
    parseWebhookSecret(given);
  } catch (fault) {
    if (!(fault instanceof AppError)) throw fault;
    throw invalidField(['body', 'secret'], fault.message, 'webhook_secret');
  }
  return given;
}

type Deps = EndpointChangesDeps;

function sealedUrl({ sealer, policy }: Deps, id: string, url: string): EndpointChange {
  const target = checkTarget(url, policy);
  assertWholeUrl(target, ['body', 'url']);
  return { url_masked: maskUrl(target), url_sealed: sealer.seal(url, sealContext.webhookUrl(id)) };
}

async function audit(deps: Deps, db: Queryable, acting: EndpointActing, made: Change): Promise<void> {
  await appendAudit(db, auditEntry(deps.ids, acting, made), deps.clock.now());
}

async function locked(db: Queryable, id: string, view: EndpointView): Promise<EndpointRecord> {
  const endpoint = await createWebhookEndpoints(db).lock(id, view);
  if (!endpoint) throw notFound('endpoint', id);
  return endpoint;
}

async function create(deps: Deps, input: WebhookEndpointCreate, acting: EndpointActing) {
  const { url, secret: given, providers, headers, auth, ...settings } = input;
  const id = deps.ids.next('whe');
  checkAuth(auth, deps.policy);
  const sealed = {
    ...sealedUrl(deps, id, url),
    ...headerColumns(deps.sealer, id, headers),
    ...authColumns(deps.sealer, id, auth),
  };
  const secret = secretOf(given);
  return transaction(deps.pool, async (db) => {
    const endpoint = await createWebhookEndpoints(db).create(id, {
      ...settings,
      ...sealed,
      providers: await endpointProviders(createSiemProviders(db), acting.view, providers),
      secret_sealed: deps.sealer.seal(secret, sealContext.webhookSecret(id)),
      disabled_reason: settings.enabled ? null : DISABLED_BY_HAND,
    });
    const after = endpointAudit(endpoint);
    await audit(deps, db, acting, { action: 'webhook_endpoint.created', target: id, after });
    return { endpoint, secret };
  });
}

function storedUrl({ sealer }: Deps, { id, url_sealed: url }: EndpointRecord): string | undefined {
  try {
    return sealer.open(url, sealContext.webhookUrl(id));
  } catch {
    // Sealed with a key that is gone: any URL is another one.
    return undefined;
  }
}

/** The columns of a URL that is another than the stored one: the same is no change, and keeps the endpoint's health. */
function patchedUrl(deps: Deps, before: EndpointRecord, patch: WebhookEndpointPatch): EndpointChange {
  if (patch.url === undefined || patch.url === before.url_masked) return {};
  const { origin } = checkTarget(patch.url, deps.policy);
  const stored = storedUrl(deps, before);
  if (stored === patch.url) return {};
  if (stored === undefined || new URL(stored).origin !== origin) assertGivenAgain(before, patch);
  return sealedUrl(deps, before.id, patch.url);
}

/** The columns of a patch whose values are sealed. */
function patchedSealed(deps: Deps, before: EndpointRecord, patch: WebhookEndpointPatch) {
  const { sealer, policy } = deps;
  const url = patchedUrl(deps, before, patch);
  const headers = patch.headers && patchedHeaders(sealer, before, patch.headers);
  const auth = patch.auth && patchedAuth(sealer, before, patch.auth);
  if (auth) checkAuth(auth, policy);
  return {
    ...url,
    ...(headers && headerColumns(sealer, before.id, headers)),
    ...(auth && authColumns(sealer, before.id, auth)),
  };
}

const actionOf = (before: EndpointRecord, after: EndpointRecord): string =>
  before.enabled === after.enabled ? 'updated' : after.enabled ? 'enabled' : 'disabled';

async function change(deps: Deps, id: string, patch: WebhookEndpointPatch, acting: EndpointActing) {
  const { url, providers, headers: _headers, auth: _auth, ...settings } = patch;
  const after = await transaction(deps.pool, async (db) => {
    const before = await locked(db, id, acting.view);
    const isSwitched = settings.enabled !== undefined && settings.enabled !== before.enabled;
    const changed = await createWebhookEndpoints(db).update(id, {
      ...settings,
      ...patchedSealed(deps, before, patch),
      ...(providers !== undefined && {
        providers: await endpointProviders(createSiemProviders(db), acting.view, providers),
      }),
      ...(isSwitched && { disabled_reason: settings.enabled ? null : DISABLED_BY_HAND }),
    });
    const fields = changedFields(endpointAudit(before), endpointAudit(changed));
    const states = {
      ...fields,
      after: { ...fields.after, ...(url !== undefined && { url: changed.url_masked }) },
    };
    const action = `webhook_endpoint.${actionOf(before, changed)}`;
    await audit(deps, db, acting, { action, target: id, ...states });
    return changed;
  });
  if (patch.enabled) await deps.wake(id);
  return after;
}

async function rotateSecret(deps: Deps, id: string, rotation: SecretRotation, acting: EndpointActing) {
  const secret = secretOf(rotation.secret);
  const sealed = deps.sealer.seal(secret, sealContext.webhookSecret(id));
  return transaction(deps.pool, async (db) => {
    await locked(db, id, acting.view);
    const endpoint = await createWebhookEndpoints(db).rotateSecret(id, sealed, rotation.overlap_hours);
    const after = { previous_secret_expires_at: endpoint.previous_secret_expires_at };
    await audit(deps, db, acting, { action: 'webhook_endpoint.secret_rotated', target: id, after });
    return { endpoint, secret };
  });
}

async function remove(deps: Deps, id: string, acting: EndpointActing): Promise<void> {
  await transaction(deps.pool, async (db) => {
    const before = endpointAudit(await locked(db, id, acting.view));
    await createWebhookEndpoints(db).remove(id);
    await audit(deps, db, acting, { action: 'webhook_endpoint.deleted', target: id, before });
  });
  // Outside of the transaction, whose lock every publisher waits for; what is left the notifier cancels.
  await cancelDeliveries(deps.pool, id).catch((err: unknown) =>
    deps.log.warn({ err, endpointId: id }, 'deliveries of a deleted endpoint not cancelled yet'),
  );
}

/** A policy that became stricter refuses a URL that it had taken; the notifier would refuse it, too. */
function checkStored({ sealer, policy }: Deps, { id, url_sealed: url }: EndpointRecord): void {
  try {
    checkTarget(sealer.open(url, sealContext.webhookUrl(id)), policy);
  } catch (fault) {
    if (!(fault instanceof AppError && fault.code === 'invalid_input')) throw fault;
    throw new AppError(
      'conflict',
      `the endpoint is not called: ${fault.message}. Change its URL, then test it`,
    );
  }
}

async function ping(deps: Deps, id: string, acting: EndpointActing): Promise<Ping> {
  const made = await transaction(deps.pool, async (db) => {
    const endpoint = await locked(db, id, acting.view);
    if (!endpoint.enabled)
      throw new AppError('conflict', 'the endpoint is disabled: enable it, then test it');
    checkStored(deps, endpoint);
    const sent = await publishPing(db, deps, id, currentTraceparent());
    const after = { event_id: sent.eventId };
    await audit(deps, db, acting, { action: 'webhook_endpoint.tested', target: id, after });
    return sent;
  });
  await deps.wake(id);
  return made;
}

export const createEndpointChanges = (deps: EndpointChangesDeps): EndpointChanges => ({
  create: (input, acting) => create(deps, input, acting),
  change: (id, patch, acting) => change(deps, id, patch, acting),
  rotateSecret: (id, rotation, acting) => rotateSecret(deps, id, rotation, acting),
  remove: (id, acting) => remove(deps, id, acting),
  ping: (id, acting) => ping(deps, id, acting),
});
