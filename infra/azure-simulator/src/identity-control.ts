import type { ControlDeps } from './control.ts';
import { ControlError } from './control-input.ts';
import type { Call, Reply, Route } from './http-routes.ts';
import { IDENTITY_PATH, identityHeader } from './managed-identity.ts';
import type { Application } from './tenant.ts';

const listed = ({ name, clientId, roles }: Application) => ({
  name,
  client_id: clientId,
  roles: roles.map((role) => role.name),
});

/** Who may sign in, and with what. */
export function identityRoutes({ tenant, certificates, url }: ControlDeps): Route[] {
  const applications = (): Reply => ({
    status: 200,
    body: {
      applications: tenant.applications.map((known) => ({
        ...listed(known),
        client_secret: known.clientSecret,
      })),
    },
  });
  const certificate = async (call: Call): Promise<Reply> => {
    const name = call.params['application'] ?? '';
    const known = tenant.applications.find((application) => application.name === name);
    if (!known) throw new ControlError(404, `there is no application ${name}`);
    return { status: 200, body: { ...listed(known), client_certificate: await certificates.of(known) } };
  };
  const identities = (): Reply => ({
    status: 200,
    body: {
      identity_endpoint: `${url()}${IDENTITY_PATH}`,
      identity_header: identityHeader(tenant),
      identities: tenant.managedIdentities.map(listed),
    },
  });
  return [
    { method: 'GET', path: '/applications', kind: 'control', handle: applications },
    {
      method: 'GET',
      path: '/applications/:application/certificate',
      kind: 'control',
      handle: certificate,
    },
    { method: 'GET', path: '/managed-identities', kind: 'control', handle: identities },
  ];
}
