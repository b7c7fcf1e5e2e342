import { register } from 'node:module';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { setPrometheusExporter } from './metrics.ts';

// Preloaded with `node --import`, before any module that is instrumented. `OTEL_*` alone configures it;
// without an endpoint or a named exporter no span is recorded, which costs nothing.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const env = process.env;
// Set and empty is how compose files say "not set".
for (const [name, value] of Object.entries(env))
  if (name.startsWith('OTEL_') && value === '') delete env[name];
const wantsTraces = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
].some((name) => env[name] !== undefined);
if (!wantsTraces) env['OTEL_TRACES_EXPORTER'] = 'none';
env['OTEL_LOGS_EXPORTER'] ??= 'none';
env['OTEL_METRICS_EXPORTER'] ??= 'none';
env['OTEL_NODE_RESOURCE_DETECTORS'] ??= 'env,host,process';

const prometheus = new PrometheusExporter({ preventServerStart: true });
setPrometheusExporter(prometheus);

const sdk = new NodeSDK({
  metricReaders: [prometheus],
  instrumentations: wantsTraces
    ? [
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
      ]
    : [new RuntimeNodeInstrumentation()],
});
sdk.start();

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void process.once('beforeExit', () => void sdk.shutdown()));
}
