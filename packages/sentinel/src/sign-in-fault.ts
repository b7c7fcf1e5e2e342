import { errorMessage } from '@socmate/runtime';
import { ConnectionError, type ConnectionField } from './connection-error.ts';
import type { AzureCredentials } from './workspace.ts';

interface Refusal {
  readonly field: ConnectionField;
  readonly sentence: (credentials: AzureCredentials) => string;
}

const noTenant: Refusal = {
  field: 'tenant_id',
  sentence: ({ tenantId }) => `Entra ID knows no tenant ${tenantId}`,
};

/** By the number behind AADSTS. */
const REFUSALS: Record<string, Refusal> = {
  7000215: {
    field: 'client_secret',
    sentence: ({ clientId }) => `Entra ID refused the client secret of application ${clientId}: it is wrong`,
  },
  7000222: {
    field: 'client_secret',
    sentence: ({ clientId }) =>
      `Entra ID refused the client secret of application ${clientId}: it has expired`,
  },
  700016: {
    field: 'client_id',
    sentence: ({ clientId, tenantId }) => `Entra ID knows no application ${clientId} in tenant ${tenantId}`,
  },
  90002: noTenant,
  900023: noTenant,
};

const OTHER_REFUSAL: Refusal = { field: 'client_id', sentence: () => 'Entra ID refused the sign-in' };

/** What Entra last answered to a credential. */
export interface EntraAnswer {
  readonly status: number;
  /** The number behind AADSTS. */
  readonly code: string | undefined;
}

/** Why there is no access token, in a sentence that is safe to show. */
export function signInFault(
  credentials: AzureCredentials,
  cause: unknown,
  seen: EntraAnswer | undefined,
): ConnectionError {
  const code = /AADSTS(\d+)/.exec(errorMessage(cause))?.[1] ?? seen?.code;
  const named = code === undefined ? '' : ` (AADSTS${code})`;
  const refused = ({ field, sentence }: Refusal): ConnectionError =>
    new ConnectionError(`${sentence(credentials)}${named}`, { check: 'token', field, cause });
  const unanswered = (message: string): ConnectionError =>
    new ConnectionError(message, { check: 'token', cause });
  const known = REFUSALS[code ?? ''];
  if (known) return refused(known);
  if (!seen) return unanswered('Entra ID could not be reached');
  if (seen.status === 429 || seen.status >= 500)
    return unanswered(`Entra ID answered ${seen.status}${named}`);
  return code === undefined ? unanswered('Entra ID gave no access token in time') : refused(OTHER_REFUSAL);
}

const TENANT_ID = /^[A-Za-z0-9.-]+$/;

function malformedField({ tenantId, clientId, clientSecret }: AzureCredentials): ConnectionField | undefined {
  if (!TENANT_ID.test(tenantId)) return 'tenant_id';
  if (clientId === '') return 'client_id';
  return clientSecret === '' ? 'client_secret' : undefined;
}

/** Refuses what Entra could only misunderstand. */
export function assertWellFormed(credentials: AzureCredentials): void {
  const field = malformedField(credentials);
  if (field === undefined) return;
  const message = 'The tenant id, client id or client secret is missing or malformed';
  throw new ConnectionError(message, { check: 'token', field });
}
