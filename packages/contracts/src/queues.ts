import { z } from 'zod';
import { defineQueue } from './define-queue.ts';

/** Sync one workspace now. */
export const syncProvider = defineQueue({
  name: 'sync-provider',
  owner: 'sentinel-sync',
  payload: z.object({ providerId: z.string() }),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: ({ providerId }) => providerId,
});
export type SyncProvider = z.output<typeof syncProvider.payload>;

/** These endpoints have deliveries that are due. A wake-up: it may be lost, late or doubled. */
export const deliverWebhook = defineQueue({
  name: 'deliver-webhook',
  owner: 'notifier',
  payload: z.object({ endpointIds: z.array(z.string()).min(1) }),
  retry: { attempts: 1, backoffMs: 0 },
});
export type DeliverWebhook = z.output<typeof deliverWebhook.payload>;
