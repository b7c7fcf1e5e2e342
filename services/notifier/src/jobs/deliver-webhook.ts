import type { DeliverWebhook } from '@socmate/contracts';
import type { DeliveryLoop } from '../delivery-loop.ts';

/** Safe to lose and to run twice: it only says where to look. */
export function createDeliverWebhook({ loop }: { loop: Pick<DeliveryLoop, 'wake'> }) {
  return async ({ endpointIds }: DeliverWebhook): Promise<void> => loop.wake(endpointIds);
}
