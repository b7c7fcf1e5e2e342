import { z } from 'zod';
import { DeliveredType } from './events.ts';
import { anyCase, repeatable } from './text.ts';
import { Delivery } from './webhooks.ts';

export const WebhookEventFilters = z.object({
  event_type: repeatable(anyCase(DeliveredType)),
  timespan: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'An ISO 8601 duration back from now, or `start/end`.', example: 'P1D' }),
});

export const WebhookEvent = z
  .object({
    id: z.string().meta({ example: 'evt_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    type: DeliveredType,
    provider: z.string().nullable().meta({ description: "The workspace's name." }),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.output<typeof WebhookEvent>;

export const WebhookEventDetail = WebhookEvent.extend({
  data: z.unknown().meta({ description: 'As it is sent; its schema is that of the type.' }),
  deliveries: z
    .array(Delivery)
    .meta({ description: 'To the endpoints that the caller sees, newest first, the first hundred.' }),
}).meta({ id: 'WebhookEventDetail' });
export type WebhookEventDetail = z.output<typeof WebhookEventDetail>;

export const EndpointStats = z
  .object({
    endpoint_id: z.string(),
    since: z.iso.datetime(),
    deliveries: z
      .int()
      .meta({ description: 'What was made within the window, the newest thousand at most.' }),
    succeeded: z.int(),
    dead: z.int(),
    attempts: z.int(),
    success_rate: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: 'Of their attempts, the part that succeeded; null before the first.' }),
    latency_p50_ms: z.int().nullable().meta({ description: 'Of successful attempts.' }),
    latency_p95_ms: z.int().nullable(),
    backlog: z
      .int()
      .meta({ description: 'Pending deliveries, whenever they were made, counted up to 10,000.' }),
    oldest_pending_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When the oldest of the backlog that was counted was made.' }),
  })
  .meta({ id: 'EndpointStats' });
export type EndpointStats = z.output<typeof EndpointStats>;
