import { z } from 'zod';
import type { EventTraits } from './event-matching.ts';
import { AlertReason, InvestigationTrigger } from './events.ts';
import { Priority } from './severity.ts';

const names = z.array(z.string()).default([]);

// Bodies are never rendered again: what was added to them later is missing in the older ones.
const AlertData = z.object({
  reason: AlertReason,
  previous_severity: Priority.nullable().default(null),
  incident: z.object({
    severity: Priority,
    provider: z.string(),
    title: z.string(),
    rules: names,
    products: names,
    labels: names,
    tactics: names,
  }),
});
const InvestigationData = z.object({ trigger: InvestigationTrigger });
const EndpointData = z.object({
  endpoint: z.object({ id: z.string(), providers: z.array(z.string()).nullable() }),
});

/** An event as it is stored. */
export interface StoredEvent {
  readonly type: string;
  readonly body: Uint8Array;
  /** The name of its workspace. */
  readonly provider: string | null;
}

function dataOf(body: Uint8Array): unknown {
  const { data } = JSON.parse(new TextDecoder().decode(body)) as { data?: unknown };
  return data;
}

/** Read back from what was sent, what decides who gets an event; undefined for what nobody subscribes to. */
export function storedTraits({ type, body, provider: name }: StoredEvent): EventTraits | undefined {
  const provider = name ?? '';
  switch (type) {
    case 'incident-alert': {
      const { success, data } = AlertData.safeParse(dataOf(body));
      if (!success) return undefined;
      const { reason, previous_severity: previousSeverity, incident } = data;
      const { severity, provider: alerting } = incident;
      return { type, reason, severity, previousSeverity, provider: alerting, incident };
    }
    case 'investigation-completed':
    case 'investigation-failed': {
      const { success, data } = InvestigationData.safeParse(dataOf(body));
      return success ? { type, trigger: data.trigger, provider } : undefined;
    }
    case 'schedule-disabled':
    case 'provider-unhealthy':
    case 'provider-recovered':
      return { type, provider };
    case 'endpoint-failing': {
      const { success, data } = EndpointData.safeParse(dataOf(body));
      return success ? { type, endpointId: data.endpoint.id, providers: data.endpoint.providers } : undefined;
    }
    default:
      return undefined;
  }
}
