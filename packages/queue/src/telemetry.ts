import { BullMQOtel } from 'bullmq-otel';

export const queueTelemetry = new BullMQOtel({ tracerName: 'socmate', enableMetrics: true });
