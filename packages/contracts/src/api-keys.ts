import { z } from 'zod';
import { Scope } from './scopes.ts';
import { distinct, text } from './text.ts';

const time = z.iso.datetime();

export const ApiKeyStatus = z.enum(['active', 'disabled', 'expired']).meta({ id: 'ApiKeyStatus' });
export type ApiKeyStatus = z.output<typeof ApiKeyStatus>;

const scopes = z
  .array(Scope)
  .min(1)
  .max(50)
  .transform(distinct)
  .meta({ example: ['incidents:read', 'search:read'] });

const providers = z.array(text(100)).max(100).transform(distinct).meta({
  description: 'Ids of the workspaces that the key is limited to; empty means all.',
});

const rateLimit = z.int().min(1).max(1_000_000).meta({ description: 'Requests per minute.', example: 120 });

const expiresInDays = z.int().min(1).max(3_650);

export const ApiKeyToCreate = z
  .object({
    name: text(100).meta({ example: 'xsoar-production' }),
    description: text(1_000).nullish(),
    scopes,
    expires_in_days: expiresInDays.nullish().meta({ description: 'It never expires, if not given.' }),
    rate_limit_per_minute: rateLimit.default(120),
    providers: providers.default([]),
  })
  .meta({ id: 'ApiKeyToCreate' });
export type ApiKeyToCreate = z.output<typeof ApiKeyToCreate>;

/** What may be changed; a field not given stays. */
export const ApiKeyPatch = z
  .object({
    name: text(100),
    description: text(1_000).nullable(),
    scopes,
    expires_in_days: expiresInDays.nullable().meta({ description: 'From now; null: never.' }),
    rate_limit_per_minute: rateLimit,
    providers,
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'names nothing to change')
  .meta({ id: 'ApiKeyPatch' });
export type ApiKeyPatch = z.output<typeof ApiKeyPatch>;

export const ApiKey = z
  .object({
    id: z.string().meta({ example: 'key_01KAXF7Q9V6T3X8WZ2M4N5P6R7' }),
    key_id: z.string().meta({ example: '3f9c1b2a4d5e6f70' }),
    name: z.string(),
    description: z.string().nullable(),
    scopes: z.array(Scope),
    providers: z.array(z.string()),
    is_bootstrap: z.boolean().meta({ description: 'Made on the host; it has the role admin.' }),
    is_admin: z.boolean().meta({ description: 'It may administer, other keys included.' }),
    status: ApiKeyStatus,
    rate_limit_per_minute: z.int(),
    expires_at: time.nullable(),
    last_used_at: time.nullable().meta({ description: 'Up to 10 seconds late.' }),
    last_used_ip: z.string().nullable(),
    requests_24h: z.int().meta({ description: 'In this hour and the 24 before.' }),
    created_by: z.string(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.output<typeof ApiKey>;

export const CreatedApiKey = ApiKey.extend({
  api_key: z.string().meta({
    description: '`sk_live_{key_id}_{secret}`: shown here and never again.',
    example: 'sk_live_3f9c1b2a4d5e6f70_…',
  }),
  header_name: z.literal('X-API-Key'),
}).meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.output<typeof CreatedApiKey>;
