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
  merge: (payloads) => ({ endpointIds: [...new Set(payloads.flatMap(({ endpointIds }) => endpointIds))] }),
});
export type DeliverWebhook = z.output<typeof deliverWebhook.payload>;

/** This recovery has work to do. A wake-up: it may be lost, late or doubled. */
export const recoverDeliveries = defineQueue({
  name: 'recover-deliveries',
  owner: 'notifier',
  payload: z.object({ recoveryId: z.string() }),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: ({ recoveryId }) => recoveryId,
});
export type RecoverDeliveries = z.output<typeof recoverDeliveries.payload>;

/** This incident has comments to post. A wake-up: it may be lost, late or doubled. */
export const postComment = defineQueue({
  name: 'post-comment',
  owner: 'sentinel-sync',
  payload: z.object({ incidentId: z.string() }),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: ({ incidentId }) => incidentId,
});
export type PostComment = z.output<typeof postComment.payload>;

/** A status change waits to be made. A wake-up: it may be lost, late or doubled. */
export const changeIncident = defineQueue({
  name: 'change-incident',
  owner: 'sentinel-sync',
  payload: z.object({ changeId: z.string() }),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: ({ changeId }) => changeId,
});
export type ChangeIncident = z.output<typeof changeIncident.payload>;

/** The graph is behind its rows. A wake-up: it may be lost, late or doubled. */
export const updateGraph = defineQueue({
  name: 'update-graph',
  owner: 'enrichment',
  payload: z.object({}),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: () => 'graph',
});
export type UpdateGraph = z.output<typeof updateGraph.payload>;

/** This incident is to be enriched. A wake-up: it may be lost, late or doubled. */
export const enrichIncident = defineQueue({
  name: 'enrich-incident',
  owner: 'enrichment',
  payload: z.object({ incidentId: z.string() }),
  retry: { attempts: 1, backoffMs: 0 },
  dedupe: ({ incidentId }) => incidentId,
});
export type EnrichIncident = z.output<typeof enrichIncident.payload>;
