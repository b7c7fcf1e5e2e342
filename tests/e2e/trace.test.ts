import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Receiver, startReceiver, until } from '@socmate/testing';
import {
  type CollectedSpan,
  drawTrace,
  type OtlpCollector,
  startOtlpCollector,
} from '../system/otlp-collector.ts';
import { type System, startSystem } from '../system/start-system.ts';

const urlOf = ({ attributes }: CollectedSpan): string =>
  attributes['url.full'] ?? attributes['http.url'] ?? '';

let collector: OtlpCollector;
let system: System;
let receiver: Receiver;

beforeAll(async () => {
  collector = await startOtlpCollector();
  receiver = await startReceiver();
  system = await startSystem({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
}, 60_000);
afterAll(async () => {
  await system?.close();
  await receiver?.close();
  await collector?.close();
}, 60_000);

test('one trace spans the page request of the sync, the event, and the answer of the subscriber', async () => {
  const wanted = { name: 'receiver', url: receiver.url, event_types: ['incident-alert'] };
  await system.api('POST', '/api/v1/webhooks/endpoints', wanted);
  await system.connect(await system.tenant.addWorkspace('traced'), { alert_backlog: true });
  await system.tenant.generate('traced', { incidents: 1, seed: 1, severity: { High: 1 }, spread: 'PT1H' });
  const request = await until('the alert arrives', () => receiver.requests[0]);
  const attempt = await until('the attempt is exported', () =>
    collector.spans.find((span) => span.attributes['socmate.event.id'] === request.headers['webhook-id']),
  );
  const page = await until('the page is exported', () =>
    collector.spans.find((span) => span.spanId === attempt.parentSpanId),
  );
  const { traceId, spanId } = page;
  const pageRequest = collector.spans.find(
    (span) => span.parentSpanId === spanId && urlOf(span).includes('/incidents?'),
  );
  if (process.env['TEST_SHOW_TRACE']) process.stderr.write(`\n${drawTrace(collector.spans, traceId)}\n`);
  expect(page).toMatchObject({ service: 'sentinel-sync', name: 'sync page' });
  expect(pageRequest).toMatchObject({ service: 'sentinel-sync', traceId });
  expect(attempt).toMatchObject({
    service: 'notifier',
    traceId,
    attributes: { 'socmate.attempt.outcome': 'success', 'http.response.status_code': '204' },
  });
  expect(attempt.links).toHaveLength(1);
  expect(request.headers).not.toHaveProperty('traceparent');
});
