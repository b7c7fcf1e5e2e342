import { z } from 'zod';

const state = z.record(z.string(), z.unknown()).nullable();

export const AuditEntry = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actor: z.string().meta({ description: 'Who did it: a key, or `host` for what was done on the host.' }),
    action: z.string().meta({ example: 'api_key.created' }),
    target_type: z.string().meta({ example: 'api_key' }),
    target_id: z.string(),
    before: state,
    after: state.meta({ description: 'Secrets are masked.' }),
    ip: z.string().nullable(),
    request_id: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.output<typeof AuditEntry>;
