import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Route } from './define-route.ts';
import { ErrorBody, ValidationErrorBody } from './error-answer.ts';

export interface WebhookDocument {
  readonly type: string;
  readonly summary: string;
  /** The schema of the event's `data`. */
  readonly data: z.ZodType;
}

export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly webhooks: readonly WebhookDocument[];
}

const JSON_TYPE = 'application/json';

const headers = {
  'X-Request-Id': { description: 'The id of this request.', schema: { type: 'string' as const } },
};

const rateHeaders = {
  'RateLimit-Limit': { description: 'Requests per minute.', schema: { type: 'integer' as const } },
  'RateLimit-Remaining': { description: 'Requests left.', schema: { type: 'integer' as const } },
  'RateLimit-Reset': { description: 'Seconds until it is full again.', schema: { type: 'integer' as const } },
};

const etagHeader = {
  ETag: { description: 'Stands for what the answer says; weak.', schema: { type: 'string' as const } },
};

type Headers = Record<string, { readonly description: string; readonly schema: { readonly type: 'string' } }>;

const described = (given: Readonly<Record<string, string>> = {}): Headers =>
  Object.fromEntries(
    Object.entries(given).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );

/** What a route answers beside what every one does: good answers, or refusals. */
const further = ({ alsoAnswers = {} }: Route, kind: 'good' | 'refusal'): [string, string][] =>
  Object.entries(alsoAnswers).filter(([status]) => Number(status) < 400 === (kind === 'good'));

const error = (description: string, schema: z.ZodType = ErrorBody): ResponseConfig => ({
  description,
  headers,
  content: { [JSON_TYPE]: { schema } },
});

function errorResponses(route: Route): Record<string, ResponseConfig> {
  const isPublic = route.scope === 'public';
  return {
    ...(route.body && { 400: error('Malformed JSON') }),
    ...(!isPublic && { 401: error('No credential, or one that is not good') }),
    ...(!isPublic && { 403: error('The credential lacks the scope') }),
    ...(route.params && { 404: error('Not found') }),
    ...(route.idempotent && { 409: error('Duplicate, or an `Idempotency-Key` used for something else') }),
    ...(route.body && { 413: error('The body is over 1 MB'), 415: error('The body is not JSON') }),
    422: error('The input is not valid', ValidationErrorBody),
    ...(!isPublic && { 429: error('Over the rate limit; see `Retry-After`') }),
    500: error('A fault of ours'),
    503: error('A dependency is down; see `Retry-After`'),
    ...Object.fromEntries(further(route, 'refusal').map(([status, meaning]) => [status, error(meaning)])),
  };
}

function success(route: Route): Record<string, ResponseConfig> {
  const description = route.response ? 'OK' : 'Done';
  const content = route.response && { content: { [JSON_TYPE]: { schema: route.response } } };
  const status = route.status ?? (route.response ? 200 : 204);
  const rated = route.scope === 'public' ? headers : { ...headers, ...rateHeaders };
  const sent = { ...rated, ...(route.etag && etagHeader), ...described(route.sendsHeaders) };
  const good = [[String(status), description], ...further(route, 'good')] as const;
  return {
    ...Object.fromEntries(
      good.map(([code, meaning]) => [code, { description: meaning, headers: sent, ...content }]),
    ),
    ...(route.etag && { 304: { description: 'As `If-None-Match` has it', headers: sent } }),
  };
}

/** As one scheme with alternatives: any one of the scopes will do. */
function security({ scope }: Route): RouteConfig['security'] {
  if (scope === 'public') return [];
  return (typeof scope === 'string' ? [scope] : scope).map((one) => ({ ApiKey: [one] }));
}

const IdempotencyHeader = z.object({
  'Idempotency-Key': z.string().min(1).max(255).optional().meta({
    description: 'Repeating a request under the same key within 24 hours gives the first answer again.',
  }),
});

const ConditionHeader = z.object({
  'If-None-Match': z
    .string()
    .optional()
    .meta({ description: 'An `ETag`, several, or `*`: 304 without a body where it is still so.' }),
});

/** The headers of a request, none of them needed. */
function takenHeaders(route: Route): z.ZodObject | undefined {
  const taken = Object.entries(route.takesHeaders ?? {}).map(([name, description]) => [
    name,
    z.string().optional().meta({ description }),
  ]);
  const shape = {
    ...(route.idempotent && IdempotencyHeader.shape),
    ...(route.etag && ConditionHeader.shape),
    ...(Object.fromEntries(taken) as Record<string, z.ZodType>),
  };
  return Object.keys(shape).length > 0 ? z.object(shape) : undefined;
}

const scopeNote = ({ scope }: Route): string =>
  scope === 'public'
    ? 'Needs no credential.'
    : `Scope: ${(typeof scope === 'string' ? [scope] : scope).map((one) => `\`${one}\``).join(' or ')}.`;

function bodyOf({ body, documented }: Route) {
  if (!body) return undefined;
  const schema = body instanceof z.ZodObject && !documented ? body.strict() : body;
  return { required: !body.safeParse(undefined).success, content: { [JSON_TYPE]: { schema } } };
}

function operation(route: Route): RouteConfig {
  const body = bodyOf(route);
  const taken = takenHeaders(route);
  return {
    method: route.method,
    path: route.path,
    operationId: operationId(route),
    summary: route.summary,
    description: [route.description, scopeNote(route)].filter(Boolean).join('\n\n'),
    tags: [route.tag],
    security: security(route) ?? [],
    request: {
      ...(route.params && { params: route.params }),
      ...(route.query && { query: route.query }),
      ...(taken && { headers: taken }),
      ...(body && { body }),
    },
    responses: { ...success(route), ...errorResponses(route) },
  };
}

/** `GET /api/v1/incidents/{number}` is `get_incidents_number`: stable as long as the path is. */
const operationId = ({ method, path }: Route): string =>
  [method, ...path.replace(/^\/api(\/v1)?/, '').matchAll(/[A-Za-z0-9]+/g)].map(String).join('_');

const webhookHeaders = z.object({
  'webhook-id': z
    .string()
    .meta({ description: 'The event, the same on every attempt.', example: 'evt_01KAX' }),
  'webhook-timestamp': z.string().meta({ description: 'Unix seconds of this attempt.' }),
  'webhook-signature': z.string().meta({ description: 'Standard Webhooks: `v1,<base64 HMAC-SHA256>`.' }),
});

function webhook({ type, summary, data }: WebhookDocument): RouteConfig {
  const schema = z.object({
    id: z.string(),
    type: z.literal(type),
    timestamp: z.iso.datetime(),
    data,
  });
  return {
    method: 'post',
    path: type,
    summary,
    tags: ['Webhooks'],
    security: [],
    request: { headers: webhookHeaders, body: { required: true, content: { [JSON_TYPE]: { schema } } } },
    responses: { '2XX': { description: 'Taken; anything else is tried again.' } },
  };
}

/** The OpenAPI 3.1 document of exactly the routes that are mounted. */
export function createOpenApi(routes: readonly Route[], options: OpenApiOptions): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'ApiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: '`sk_live_{key_id}_{secret}`',
  });
  for (const route of routes) registry.registerPath(operation(route));
  for (const one of options.webhooks) registry.registerWebhook(webhook(one));
  const { title, version, description, tags } = options;
  return new OpenApiGeneratorV31(registry.definitions, { sortComponents: 'alphabetically' }).generateDocument(
    {
      openapi: '3.1.0',
      info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      tags: [...tags],
      servers: [{ url: '/' }],
    },
  );
}
