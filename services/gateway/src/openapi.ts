import { DeliveredType, EVENT_TYPES } from '@socmate/contracts';
import { createOpenApi, type Route } from '@socmate/http';
import { allRoutes } from './routes/all-routes.ts';
import type { RouteDeps } from './routes/route-deps.ts';

const description = `SoCMate watches Microsoft Sentinel workspaces: this API reads what it synced, starts its work and manages it.

* **Authentication**: \`X-API-Key: sk_live_{key_id}_{secret}\`. A key opens what its scopes name and no more; a bootstrap key opens everything. A key that was disabled, changed or deleted is treated so by every gateway within two seconds.
* **Errors**: \`{ "detail", "code", "request_id" }\`; 422 lists each fault with its place. A known path with another method is 404 with \`Allow\`.
* **Input** is strict: unknown query parameters and body fields are 422. The calls of the documented API ignore unknown body fields and name them in a \`Warning\` header.
* **Lists**: \`limit\` (20, at most 100), \`offset\`, or \`cursor\` with the \`next_cursor\` of the page before.
* **Polling**: \`GET /api/v1/incidents/changes\` misses nothing; \`ETag\` and \`If-None-Match\` say whether an incident or a list is as it was.
* **Idempotency**: a call that creates takes \`Idempotency-Key\`; the same key and body within 24 hours gives the first answer again (\`Idempotent-Replayed: true\`), another body 409, a first call that still runs 409.
* **Rate limits**: \`RateLimit-Limit\`, \`RateLimit-Remaining\`, \`RateLimit-Reset\` on every answer to a key; over it 429 with \`Retry-After\`.
* **Tracing**: \`X-Request-Id\` is taken over and returned; \`traceparent\` is continued.`;

const options = {
  title: 'SoCMate',
  version: '0.1.0',
  description,
  tags: [
    { name: 'Incidents', description: 'What Sentinel has, with notes, tags and assignee of SoCMate’s own.' },
    { name: 'Graph', description: 'What entities and incidents have to do with each other.' },
    { name: 'Webhook endpoints', description: 'Who receives events.' },
    { name: 'Webhook deliveries', description: 'What was sent, and what came back.' },
    { name: 'Lists', description: 'What the tenant itself says of addresses, accounts and machines.' },
    { name: 'Workspaces', description: 'The connected Sentinel workspaces; every change is audited.' },
    { name: 'API keys', description: 'Administration of keys; every change is audited.' },
    { name: 'Audit log', description: 'Who changed what.' },
    { name: 'Health', description: 'For load balancers and operators.' },
    { name: 'Webhooks', description: 'What subscribers receive, signed as Standard Webhooks 1.0 says.' },
  ],
  webhooks: DeliveredType.options.map((type) => ({
    type,
    summary: EVENT_TYPES[type].description.replace(/\.$/, ''),
    data: EVENT_TYPES[type].data,
  })),
};

export const openApiOf = (routes: readonly Route[]): object => createOpenApi(routes, options);

/** The document without a running gateway: declaring a route asks nothing of its dependencies. */
export const openApiDocument = (): object => openApiOf(allRoutes({} as RouteDeps));
