import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

const KEY = Symbol.for('socmate.prometheus');
type Global = { [KEY]?: PrometheusExporter };

/** Set by the telemetry preload, so that the page and the meters are of one process and one registry. */
export const setPrometheusExporter = (exporter: PrometheusExporter): void => {
  (globalThis as Global)[KEY] = exporter;
};

/** Answers in Prometheus's text format; 404 where the process runs without the telemetry preload. */
export function metricsHandler(req: IncomingMessage, res: ServerResponse): void {
  const exporter = (globalThis as Global)[KEY];
  if (exporter) return exporter.getMetricsRequestHandler(req, res);
  res.writeHead(404, { 'content-type': 'text/plain' });
  res.end('telemetry is not loaded\n');
}
