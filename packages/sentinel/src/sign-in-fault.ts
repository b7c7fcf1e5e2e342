import { errorMessage } from '@socmate/runtime';
import { ConnectionError, type ConnectionField } from './connection-error.ts';
import { type AzureCredentials, signerOf } from './workspace.ts';

interface Refusal {
  readonly field: ConnectionField;
  readonly sentence: (credentials: AzureCredentials) => string;
}

const noTenant: Refusal = {
  field: 'tenant_id',
  sentence: ({ tenantId }) => `Entra ID knows no tenant ${tenantId}`,
};

const refusedSecret = (why: string): Refusal => ({
  field: 'client_secret',
  sentence: ({ clientId }) => `Entra ID refused the client secret of application ${clientId}: it ${why}`,
});

const refusedCertificate = (why: string): Refusal => ({
  field: 'client_certificate',
  sentence: ({ clientId }) => `Entra ID refused the certificate of application ${clientId}: ${why}`,
});

/** By the number behind AADSTS. */
const REFUSALS: Record<string, Refusal> = {
  7000215: refusedSecret('is wrong'),
  7000222: refusedSecret('has expired'),
  700027: refusedCertificate('it is not among those of the application, or has expired'),
  700024: refusedCertificate('the clock of this machine differs too much from Entra ID’s'),
  7000214: refusedCertificate('it was revoked'),
  1000502: refusedCertificate('it is not valid at this time'),
  700016: {
    field: 'client_id',
    sentence: ({ clientId, tenantId }) => `Entra ID knows no application ${clientId} in tenant ${tenantId}`,
  },
  90002: noTenant,
  900023: noTenant,
};

const OTHER_REFUSAL: Refusal = { field: 'client_id', sentence: () => 'Entra ID refused the sign-in' };

/** What was last answered to a credential. */
export interface SignInAnswer {
  readonly status: number;
  /** The number behind AADSTS. */
  readonly code: string | undefined;
}

const isTransient = (status: number): boolean => status === 429 || status >= 500;

/** The status is in what the library's own fault was caused by. */
function statusIn(fault: unknown): number | undefined {
  if (!(fault instanceof Error)) return undefined;
  if ('status' in fault && typeof fault.status === 'number') return fault.status;
  return statusIn(fault.cause);
}

/** A managed identity is asked where the process runs, and knows none of Entra ID's codes. */
function identityFault(credentials: AzureCredentials, cause: unknown): ConnectionError {
  const signer = signerOf(credentials);
  const status = statusIn(cause);
  if (status === undefined) {
    const message = `${signer} gave no access token: nothing answers for managed identities where SoCMate runs`;
    return new ConnectionError(message, { check: 'token', cause });
  }
  if (isTransient(status)) {
    const message = `${signer} gave no access token: its endpoint answered ${status}`;
    return new ConnectionError(message, { check: 'token', cause });
  }
  const field = credentials.clientId === undefined ? 'credential_type' : 'client_id';
  const message = `${signer} was refused an access token (${status}): it is not assigned to what SoCMate runs on`;
  return new ConnectionError(message, { check: 'token', field, cause });
}

/** Why there is no access token, in a sentence that is safe to show. */
export function signInFault(
  credentials: AzureCredentials,
  cause: unknown,
  seen: SignInAnswer | undefined,
): ConnectionError {
  if (credentials.credentialType === 'managed_identity') return identityFault(credentials, cause);
  const code = /AADSTS(\d+)/.exec(errorMessage(cause))?.[1] ?? seen?.code;
  const named = code === undefined ? '' : ` (AADSTS${code})`;
  const refused = ({ field, sentence }: Refusal): ConnectionError =>
    new ConnectionError(`${sentence(credentials)}${named}`, { check: 'token', field, cause });
  const unanswered = (message: string): ConnectionError =>
    new ConnectionError(message, { check: 'token', cause });
  const known = REFUSALS[code ?? ''];
  if (known) return refused(known);
  if (!seen) return unanswered('Entra ID could not be reached');
  if (isTransient(seen.status)) return unanswered(`Entra ID answered ${seen.status}${named}`);
  return code === undefined ? unanswered('Entra ID gave no access token in time') : refused(OTHER_REFUSAL);
}

const TENANT_ID = /^[A-Za-z0-9.-]+$/;

function malformedField(credentials: AzureCredentials): ConnectionField | undefined {
  if (!TENANT_ID.test(credentials.tenantId)) return 'tenant_id';
  if (credentials.clientId === '') return 'client_id';
  if (credentials.credentialType === 'secret' && credentials.clientSecret === '') return 'client_secret';
  return credentials.credentialType === 'certificate' && credentials.clientCertificate === ''
    ? 'client_certificate'
    : undefined;
}

/** Refuses what Entra could only misunderstand. */
export function assertWellFormed(credentials: AzureCredentials): void {
  const field = malformedField(credentials);
  if (field === undefined) return;
  const message = 'The tenant id, client id, client secret or certificate is missing or malformed';
  throw new ConnectionError(message, { check: 'token', field });
}
