import { randomUUID } from 'node:crypto';
import type { Clock } from '@socmate/runtime';
import { type AccessTokens, TOKEN_LIFETIME_S } from './access-tokens.ts';
import { assertionRefusal } from './client-assertion.ts';
import type { ClientCertificates } from './client-certificates.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import type { Application, Tenant } from './tenant.ts';

export interface EntraDeps {
  readonly tenant: Tenant;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
  /** Which resources may be asked for: their tokens are of use here. */
  readonly isResource: (resource: string) => boolean;
  readonly certificates: ClientCertificates;
}

export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly code: number;
  readonly message: string;
}

/** Entra's error body; `code` is the number behind AADSTS. */
export function entraError({ status, error, code, message }: Refusal, now: Date): Reply {
  const timestamp = now
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  const trace = randomUUID();
  const correlation = randomUUID();
  return {
    status,
    headers: { 'cache-control': 'no-store, no-cache' },
    body: {
      error,
      error_description: `AADSTS${code}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
  };
}

const invalidRequest = (code: number, message: string): Refusal => ({
  status: 400,
  error: 'invalid_request',
  code,
  message,
});

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function unknownTenant(tenant: string): Refusal {
  if (!GUID.test(tenant) && !tenant.includes('.')) {
    const message = `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`;
    return invalidRequest(900_023, message);
  }
  return invalidRequest(
    90_002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  );
}

const unknownClient = (clientId: string): Refusal => ({
  status: 400,
  error: 'unauthorized_client',
  code: 700_016,
  message: `Application with identifier '${clientId}' was not found in the directory 'Contoso'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
});

const wrongSecret = (clientId: string): Refusal => ({
  status: 401,
  error: 'invalid_client',
  code: 7_000_215,
  message: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
});

const missingSecret: Refusal = {
  status: 401,
  error: 'invalid_client',
  code: 7_000_216,
  message:
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
};

const unsupportedGrant = (grant: string | null): Refusal => ({
  status: 400,
  error: 'unsupported_grant_type',
  code: 70_003,
  message: `The app requested an unsupported grant type '${grant ?? ''}'.`,
});

const invalidScope = (scope: string): Refusal => ({
  status: 400,
  error: 'invalid_scope',
  code: 1_002_012,
  message: `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
});

const unknownResource = (resource: string): Refusal => ({
  status: 400,
  error: 'invalid_resource',
  code: 500_011,
  message: `The resource principal named ${resource} was not found in the tenant named Contoso. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
});

function clientOf(call: Call, form: URLSearchParams): { id: string; secret: string | null } {
  const basic = /^Basic (.+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (!basic) return { id: form.get('client_id') ?? '', secret: form.get('client_secret') };
  const [id = '', secret = null] = Buffer.from(basic, 'base64').toString('utf8').split(/:(.*)/s);
  return { id: decodeURIComponent(id), secret: secret === null ? null : decodeURIComponent(secret) };
}

interface Claimed {
  readonly application: Application;
  readonly secret: string | null;
}

type Checked = { application: Application; resource: string } | Refusal;

/** What proves that it is the application: a signed assertion, or its secret. */
async function proofRefusal(
  call: Call,
  form: URLSearchParams,
  { certificates, clock, application, secret }: EntraDeps & Claimed,
): Promise<Refusal | undefined> {
  const jwt = form.get('client_assertion');
  const { clientId } = application;
  if (!jwt) {
    if (!secret) return missingSecret;
    return secret === application.clientSecret ? undefined : wrongSecret(clientId);
  }
  const audience = `https://${call.host}${call.path}`;
  const assertion = { type: form.get('client_assertion_type'), jwt, clientId, audience };
  return assertionRefusal(assertion, certificates.registered(application), clock.now());
}

async function checkTokenRequest(call: Call, deps: EntraDeps): Promise<Checked> {
  const { tenant, isResource } = deps;
  if (call.params['tenant']?.toLowerCase() !== tenant.id) return unknownTenant(call.params['tenant'] ?? '');
  const form = new URLSearchParams(call.body);
  const grant = form.get('grant_type');
  if (!grant)
    return invalidRequest(900_144, "The request body must contain the following parameter: 'grant_type'.");
  if (grant !== 'client_credentials') return unsupportedGrant(grant);
  const client = clientOf(call, form);
  if (!client.id)
    return invalidRequest(900_144, "The request body must contain the following parameter: 'client_id'.");
  const application = tenant.application(client.id);
  if (!application) return unknownClient(client.id);
  const refusal = await proofRefusal(call, form, { ...deps, application, secret: client.secret });
  if (refusal) return refusal;
  const scope = form.get('scope') ?? '';
  const resource = /^(\S+?)\/?\/\.default$/.exec(scope)?.[1];
  if (!resource) return invalidScope(scope);
  return isResource(resource) ? { application, resource } : unknownResource(resource);
}

function openIdConfiguration(call: Call, tenant: Tenant): Reply['body'] {
  const base = `https://${call.host}/${tenant.id}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/v2.0`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'tid', 'ver', 'oid', 'name', 'preferred_username'],
    tenant_region_scope: 'EU',
    cloud_instance_name: 'microsoftonline.com',
  };
}

/** Discovery, keys and the client credentials grant of the one tenant. */
export function entraRoutes(deps: EntraDeps): Route<'discovery' | 'token'>[] {
  const { tenant, tokens, clock } = deps;
  const known = (call: Call, body: () => Reply['body']): Reply => {
    const given = call.params['tenant'] ?? '';
    if (given.toLowerCase() === tenant.id) return { status: 200, body: body() };
    return entraError(unknownTenant(given), clock.now());
  };
  const token = async (call: Call): Promise<Reply> => {
    const checked = await checkTokenRequest(call, deps);
    if ('error' in checked) return entraError(checked, clock.now());
    const isExpired = call.faults.has('expired');
    return {
      status: 200,
      headers: { 'cache-control': 'no-store, no-cache' },
      body: {
        token_type: 'Bearer',
        expires_in: TOKEN_LIFETIME_S,
        ext_expires_in: TOKEN_LIFETIME_S,
        access_token: await tokens.issue(checked.application, checked.resource, { isExpired }),
      },
    };
  };
  return [
    {
      method: 'GET',
      path: '/:tenant/v2.0/.well-known/openid-configuration',
      kind: 'discovery',
      handle: (call) => known(call, () => openIdConfiguration(call, tenant)),
    },
    {
      method: 'GET',
      path: '/:tenant/discovery/v2.0/keys',
      kind: 'discovery',
      handle: (call) => known(call, () => tokens.jwks),
    },
    { method: 'POST', path: '/:tenant/oauth2/v2.0/token', kind: 'token', handle: token },
  ];
}
