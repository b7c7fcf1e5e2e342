import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const telemetry = join(import.meta.dirname, 'telemetry.ts');

/** Whether a span made in a process with this environment would be recorded. */
async function recordsSpans(given: NodeJS.ProcessEnv): Promise<string> {
  const program = `import { trace } from '@opentelemetry/api';
    process.stdout.write(String(trace.getTracer('t').startSpan('s').isRecording())); process.exit();`;
  const args = [
    '--conditions=@socmate/source',
    '--import',
    telemetry,
    '--input-type=module',
    '--eval',
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: given,
    cwd: import.meta.dirname,
  });
  return stdout;
}

test('nothing is traced where no exporter is named', async () => {
  await expect(recordsSpans({})).resolves.toBe('false');
});

test('a variable that is set and empty does not switch tracing on', async () => {
  const given = { OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' };
  await expect(recordsSpans(given)).resolves.toBe('false');
});

test('an endpoint switches tracing on', async () => {
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  await expect(recordsSpans(given)).resolves.toBe('true');
});
