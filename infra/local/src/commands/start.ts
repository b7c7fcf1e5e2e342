import { rmSync, writeFileSync } from 'node:fs';
import { Lifecycle } from '@socmate/runtime';
import { type BringUpContext, bringUp, type System } from '../bring-up.ts';
import { keepCredentials } from '../credentials.ts';
import { parseGivenParts } from '../given-parts.ts';
import { claimLocalFolder, emptyLocalFolder, hasLocalData, localPaths } from '../local-state.ts';
import { createLogStream } from '../log-stream.ts';
import { parseStartOptions, startHelp } from '../options.ts';
import { localFolder } from '../paths.ts';
import { stopRecorded } from '../process-records.ts';
import type { Console } from '../progress.ts';
import { removeRunFile, writeRunFile } from '../run-file.ts';
import { startGuardian } from '../start-guardian.ts';
import { type StopSignals, whenAborted } from '../stop-signals.ts';
import { supervise } from '../supervise.ts';
import { unlessGivenUp } from '../unless-given-up.ts';
import { describeRun, formatEnvFile, welcome } from '../welcome.ts';

/** Brings everything up, keeps it up, and stops it when that is wanted. */
export async function start(args: readonly string[], console: Console, stop: StopSignals): Promise<void> {
  const options = parseStartOptions(args);
  if (options.isHelp) return console.line(startHelp);
  const given = parseGivenParts(process.env);
  const folder = localFolder();
  const paths = localPaths(folder);
  const began = performance.now();
  const life = await Lifecycle.start(async (opening) => {
    opening.use('lock', await claimLocalFolder(folder, console), (lock) => lock.release());
    if (options.isFresh) emptyLocalFolder(folder);
    const credentials = keepCredentials(folder, hasLocalData(folder));
    opening.use('guardian', startGuardian(paths.processes, [paths.runFile, paths.serviceEnv]), (guardian) =>
      guardian.close(),
    );
    const logs = createLogStream(paths.logs, (text) => process.stdout.write(text));
    opening.use('processes', paths.processes, (all) => stopRecorded(all, { hurry: stop.forced }));
    const settings = { paths, credentials, given, options, console, logs, env: process.env };
    const { context, system } = await untilUp(settings, stop.wanted);
    opening.use('run file', folder, removeRunFile);
    opening.use('service.env', paths.serviceEnv, (file) => rmSync(file, { force: true }));
    announce(system, { folder, context, began });
    void keepUp(system, folder, context);
    return opening;
  });
  await whenAborted(stop.wanted);
  console.line('\nstopping …');
  await life.close();
  console.line('stopped: nothing is left running');
}

/** Brings everything up; a stop, or the first part that fails, ends what has been started. */
async function untilUp(
  settings: Omit<BringUpContext, 'signal' | 'giveUp'>,
  stopWanted: AbortSignal,
): Promise<{ context: BringUpContext; system: System }> {
  const failure = new AbortController();
  const signal = AbortSignal.any([stopWanted, failure.signal]);
  const giveUp = (fault: unknown) => {
    failure.abort(fault);
    throw fault;
  };
  const context = { ...settings, signal, giveUp };
  try {
    return { context, system: await unlessGivenUp(bringUp(context), settings.paths.processes, signal) };
  } catch (fault) {
    throw failure.signal.aborted ? failure.signal.reason : fault;
  }
}

interface Announcement {
  readonly folder: string;
  readonly context: BringUpContext;
  readonly began: number;
}

function announce(system: System, { folder, context, began }: Announcement): void {
  const run = describeRun(system, context.credentials.admin_api_key);
  writeFileSync(context.paths.serviceEnv, formatEnvFile(system.env, process.env), { mode: 0o600 });
  writeRunFile(folder, run);
  context.console.line(welcome(run, (performance.now() - began) / 1_000, context.env));
  context.console.line('ready');
  context.logs.open();
}

async function keepUp(system: System, folder: string, context: BringUpContext): Promise<void> {
  const parts = [
    ...system.services,
    ...[system.postgres.part, system.redis.part, system.neo4j?.part, system.simulator].filter(
      (part) => part !== undefined,
    ),
  ];
  const onRestart = () => {
    if (!context.signal.aborted) writeRunFile(folder, describeRun(system, context.credentials.admin_api_key));
  };
  const say = (text: string) => context.console.part('launcher').warn(text);
  await Promise.all(parts.map((part) => supervise(part, { stopped: context.signal, say, onRestart })));
}
