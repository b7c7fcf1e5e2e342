import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { setPrometheusExporter } from './metrics.ts';

// Preloaded with `node --import`, before any module that is instrumented; `OTEL_*` alone configures it.
const env = process.env;
// Set and empty is how compose files say "not set".
for (const [name, value] of Object.entries(env))
  if (name.startsWith('OTEL_') && value === '') delete env[name];

const prometheus = new PrometheusExporter({ preventServerStart: true });
setPrometheusExporter(prometheus);

const wantsExport = Object.keys(env).some((name) => /^OTEL_(?:EXPORTER_OTLP_|TRACES_EXPORTER)/.test(name));
if (wantsExport) {
  const { startExport } = await import('./telemetry-export.ts');
  startExport(prometheus);
} else {
  // Without an exporter no span is recorded, and nothing that records them is loaded: half of a start's time.
  const provider = new MeterProvider({ readers: [prometheus] });
  metrics.setGlobalMeterProvider(provider);
  new RuntimeNodeInstrumentation().setMeterProvider(provider);
}
