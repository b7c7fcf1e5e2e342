import { writeFileSync } from 'node:fs';
import { requireEnv } from '@socmate/testing';
import { benchmarks } from './benchmarks.ts';
import { formatResults } from './format-results.ts';
import { describeCommit, describeMachine } from './machine.ts';
import { parseBenchArguments } from './parse-bench-arguments.ts';
import { prepareTemplate } from './prepare-template.ts';

const EXIT_GRACE_MS = 5_000;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function runBenchmark([name = '', ...args]: readonly string[]): Promise<void> {
  const benchmark = benchmarks.find((known) => known.name === name);
  if (!benchmark) throw new Error(`there is no benchmark "${name}"`);
  const { json, ...options } = parseBenchArguments(args);
  const machine = await describeMachine();
  say(
    `machine: ${machine.cpus} × ${machine.cpu_model}, ${machine.memory_gb} GB; load ${machine.load_before}, ${machine.busy_before_percent} % busy before`,
  );
  process.env['TEST_TEMPLATE_DATABASE'] = await prepareTemplate(requireEnv('TEST_POSTGRES_URL'));
  const results = await benchmark.run({ ...options, say });
  say(formatResults(results));
  const report = JSON.stringify({ bench: name, commit: describeCommit(), machine, results }, null, 2);
  if (json !== undefined) writeFileSync(json, `${report}\n`);
  process.stdout.write(`${report}\n`);
}

const args = process.argv.slice(2);
if (args[0] === '--list') {
  process.stdout.write(JSON.stringify(benchmarks.map(({ name, about }) => ({ name, about }))));
} else {
  await runBenchmark(args).catch((fault: unknown) => {
    say(`✗ ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`);
    process.exitCode = 1;
  });
  // What a benchmark that failed left open must not keep the stores running.
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}
