import { createHmac } from 'node:crypto';
import type { Clock } from '@socmate/runtime';
import { type AccessTokens, TOKEN_LIFETIME_S } from './access-tokens.ts';
import { queryOption } from './api-version.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import type { Tenant } from './tenant.ts';

export const IDENTITY_PATH = '/msi/token';
const API_VERSION = '2019-08-01';

export interface ManagedIdentityDeps {
  readonly tenant: Tenant;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
  readonly isResource: (resource: string) => boolean;
}

/** What App Service hands to its processes as `IDENTITY_HEADER`. */
export const identityHeader = ({ seed }: Tenant): string =>
  createHmac('sha256', seed).update('identity header').digest('hex').slice(0, 32).toUpperCase();

const refused = (status: number, message: string): Reply => ({
  status,
  body: { statusCode: status, message },
});

async function token(call: Call, { tenant, tokens, clock, isResource }: ManagedIdentityDeps): Promise<Reply> {
  if (call.headers['x-identity-header'] !== identityHeader(tenant)) {
    return refused(401, 'The X-IDENTITY-HEADER is missing or wrong');
  }
  if (queryOption(call, 'api-version') !== API_VERSION) {
    return refused(400, `The api-version is not supported, only ${API_VERSION} is`);
  }
  const resource = (queryOption(call, 'resource') ?? '').replace(/\/$/, '');
  if (!isResource(resource)) return refused(400, `AADSTS500011: there is no resource ${resource}`);
  const clientId = queryOption(call, 'client_id');
  const application = tenant.managedIdentity(clientId);
  if (!application) return refused(400, `No managed identity with client id ${clientId} was found`);
  const isExpired = call.faults.has('expired');
  return {
    status: 200,
    body: {
      access_token: await tokens.issue(application, resource, { isExpired }),
      expires_on: String(Math.floor(clock.now().getTime() / 1_000) + TOKEN_LIFETIME_S),
      resource,
      token_type: 'Bearer',
      client_id: application.clientId,
    },
  };
}

/** App Service's own token endpoint, as the process of a managed identity asks it. */
export const managedIdentityRoutes = (deps: ManagedIdentityDeps): Route<'token'>[] => [
  { method: 'GET', path: IDENTITY_PATH, kind: 'token', handle: (call) => token(call, deps) },
];
