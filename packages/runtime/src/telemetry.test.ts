import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const telemetry = join(import.meta.dirname, 'telemetry.ts');

async function tracesExporter(given: NodeJS.ProcessEnv): Promise<string> {
  const print = "process.stdout.write(process.env.OTEL_TRACES_EXPORTER ?? 'the default')";
  const args = ['--conditions=@socmate/source', '--import', telemetry, '--eval', print];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: given });
  return stdout;
}

test('a variable that is set and empty does not switch tracing on', async () => {
  const given = { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' };
  await expect(tracesExporter(given)).resolves.toBe('none');
});

test('an endpoint switches tracing on', async () => {
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  await expect(tracesExporter(given)).resolves.toBe('the default');
});
