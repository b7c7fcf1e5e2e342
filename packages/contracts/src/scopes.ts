import { z } from 'zod';

export const Scope = z
  .enum([
    'investigations:read',
    'investigations:write',
    'incidents:read',
    'incidents:write',
    'incidents:act',
    'search:read',
    'graph:read',
    'schedules:read',
    'schedules:write',
    'webhooks:read',
    'webhooks:write',
    'admin',
  ])
  .meta({ id: 'Scope' });
export type Scope = z.output<typeof Scope>;
