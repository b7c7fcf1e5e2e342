import { credentialFaults, type ProviderPatch, type ProviderTest, sealContext } from '@socmate/contracts';
import { maskSecret, type Sealer } from '@socmate/crypto';
import { type ProviderCredential, type ProviderRecord, sealedCredential } from '@socmate/database';
import { AppError } from '@socmate/runtime';
import type { AzureCredentials } from '@socmate/sentinel';
import { parseClientCertificate } from './client-certificate.ts';

const FIELDS = ['credential_type', 'client_id', 'client_secret', 'client_certificate'] as const;

/** What a workspace is signed in to with, as the API has it. */
export type WorkspaceCredential = Pick<ProviderTest, (typeof FIELDS)[number]>;

/** What Azure's clients sign in with; what is missing is left empty, and refused there. */
export function azureCredential(
  given: WorkspaceCredential & Pick<ProviderTest, 'cloud' | 'tenant_id'>,
): AzureCredentials {
  const { credential_type: credentialType, client_id, client_secret, client_certificate } = given;
  const tenancy = { cloud: given.cloud, tenantId: given.tenant_id };
  if (credentialType === 'managed_identity') {
    return { ...tenancy, credentialType, clientId: client_id ?? undefined };
  }
  const clientId = client_id ?? '';
  return credentialType === 'secret'
    ? { ...tenancy, credentialType, clientId, clientSecret: client_secret ?? '' }
    : { ...tenancy, credentialType, clientId, clientCertificate: client_certificate ?? '' };
}

/** Refuses, with a 422 at its field, a certificate that Entra ID could not accept. */
export function assertCertificate(
  { client_certificate: pem }: { client_certificate?: string | undefined },
  now: Date,
): void {
  if (pem !== undefined) parseClientCertificate(pem, now);
}

const NONE = {
  client_secret_sealed: null,
  client_secret_masked: null,
  client_certificate_sealed: null,
  client_certificate_thumbprint: null,
  credential_expires_at: null,
} as const;

export interface SealingDeps {
  readonly sealer: Sealer;
  readonly now: Date;
}

/** The columns that keep a credential: sealed, with what may be shown of it. */
export function credentialColumns(
  { sealer, now }: SealingDeps,
  id: string,
  given: WorkspaceCredential,
): ProviderCredential {
  const { credential_type, client_id, client_secret: secret, client_certificate: pem } = given;
  const common = { ...NONE, credential_type, client_id: client_id ?? null };
  if (credential_type === 'secret' && secret !== undefined) {
    const sealed = sealer.seal(secret, sealContext.clientSecret(id));
    return { ...common, client_secret_sealed: sealed, client_secret_masked: maskSecret(secret) };
  }
  if (credential_type !== 'certificate' || pem === undefined) return common;
  const certificate = parseClientCertificate(pem, now);
  return {
    ...common,
    client_certificate_sealed: sealer.seal(certificate.pem, sealContext.clientCertificate(id)),
    client_certificate_thumbprint: certificate.thumbprint,
    credential_expires_at: certificate.expiresAt,
  };
}

/** A stored workspace's credential, opened. */
export function openCredential(sealer: Sealer, provider: ProviderRecord): WorkspaceCredential {
  const credential = sealedCredential(provider);
  const common = { credential_type: credential.type, client_id: credential.clientId };
  if (credential.type === 'secret') {
    const context = sealContext.clientSecret(provider.id);
    return { ...common, client_secret: sealer.open(credential.clientSecretSealed, context) };
  }
  if (credential.type === 'managed_identity') return common;
  const context = sealContext.clientCertificate(provider.id);
  return { ...common, client_certificate: sealer.open(credential.clientCertificateSealed, context) };
}

/** An application's id stays where it goes on as an application; an identity's is another one's. */
function patchedClientId(stored: ProviderRecord, patch: ProviderPatch): string | null | undefined {
  if (patch.client_id !== undefined) return patch.client_id;
  const { credential_type: type = stored.credential_type } = patch;
  const isIdentity = type === 'managed_identity';
  return isIdentity === (stored.credential_type === 'managed_identity') ? stored.client_id : undefined;
}

/** What goes on being used of the stored one; it is opened only for that, so that a key that was lost can be mended. */
function keptSecret(
  sealer: Sealer,
  stored: ProviderRecord,
  patch: ProviderPatch,
): Partial<WorkspaceCredential> {
  const { credential_type: type = stored.credential_type } = patch;
  const replacement = type === 'secret' ? patch.client_secret : patch.client_certificate;
  if (type !== stored.credential_type || replacement !== undefined) return {};
  return openCredential(sealer, stored);
}

/** What a patch makes of a credential; undefined where it says nothing about it, a 422 where it does not fit together. */
export function patchedCredential(
  sealer: Sealer,
  stored: ProviderRecord,
  patch: ProviderPatch,
): WorkspaceCredential | undefined {
  if (FIELDS.every((field) => patch[field] === undefined)) return undefined;
  const { credential_type = stored.credential_type } = patch;
  const kept = keptSecret(sealer, stored, patch);
  const patched = {
    credential_type,
    client_id: patchedClientId(stored, patch),
    client_secret: patch.client_secret ?? kept.client_secret,
    client_certificate: patch.client_certificate ?? kept.client_certificate,
  };
  const faults = credentialFaults(patched);
  if (faults.length === 0) return patched;
  const issues = faults.map(({ field, message }) => ({
    loc: ['body', field],
    msg: message ?? `required with credential_type ${credential_type}`,
    type: message === undefined ? 'missing' : 'value_error',
  }));
  throw new AppError('invalid_input', 'the input is not valid', { issues });
}
