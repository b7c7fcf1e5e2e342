import { register } from 'node:module';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';

/** Records spans and sends them, and what else `OTEL_*` names, beside the Prometheus page. */
export function startExport(prometheus: PrometheusExporter): void {
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
  const env = process.env;
  env['OTEL_LOGS_EXPORTER'] ??= 'none';
  env['OTEL_METRICS_EXPORTER'] ??= 'none';
  env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,host,process';
  const sdk = new NodeSDK({
    metricReaders: [prometheus],
    instrumentations: [
      new HttpInstrumentation(),
      new ExpressInstrumentation(),
      new UndiciInstrumentation({
        requireParentforSpans: true,
        // Suppressed requests make no span as it is; this also spares their metric a label per subscriber's host.
        ignoreRequestHook: () => isTracingSuppressed(context.active()),
      }),
      new IORedisInstrumentation({ requireParentSpan: true }),
      new PgInstrumentation({ requireParentSpan: true }),
      new PinoInstrumentation({ disableLogSending: true }),
      new RuntimeNodeInstrumentation(),
    ],
  });
  sdk.start();
  // What is still in a batch goes out when all else has ended.
  process.once('beforeExit', () => void sdk.shutdown());
}
