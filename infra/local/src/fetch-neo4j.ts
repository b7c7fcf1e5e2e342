import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canInstallPackages, installPackages } from './apt.ts';
import { findExecutable } from './executables.ts';
import { LaunchError } from './launch-error.ts';
import { repositoryRoot } from './paths.ts';
import { processIdentity } from './process-identity.ts';
import type { Progress } from './progress.ts';
import { runCommand } from './run-command.ts';

export interface FetchedNeo4j {
  readonly java: string;
  readonly jars: string;
}

const PROJECT = join(repositoryRoot, 'infra/local/neo4j/pom.xml');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const ABOUT_JARS = 213;
const JAVA_VERSIONS = [17, 21];

/** Whether there is what Neo4j needs, or it can be installed; its jars may still fail to be fetched. */
export async function canFetchNeo4j(cache: string): Promise<boolean> {
  return canInstallPackages() || (await findRequirements(cache)).missing.length === 0;
}

/** What Neo4j needs: a Java that runs it, and its jars in a folder that is only there when all of them are. */
export async function fetchNeo4j(
  cache: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<FetchedNeo4j> {
  const { java, jars, missing } = await findRequirements(cache);
  if (missing.length > 0) {
    if (!canInstallPackages())
      throw new LaunchError(`install Java 17 or 21 and Maven (${missing.join(', ')}), or set NEO4J_URI`);
    await installPackages(missing, progress);
  }
  const found = java ?? (await findJava());
  if (found === undefined)
    throw new LaunchError('apt installed Java and yet there is none on PATH: set JAVA_HOME');
  if (!existsSync(jars)) await copyJars(jars, progress, signal);
  return { java: found, jars };
}

interface Requirements {
  readonly java: string | undefined;
  readonly jars: string;
  /** Packages of Debian. */
  readonly missing: readonly string[];
}

async function findRequirements(cache: string): Promise<Requirements> {
  const version = createHash('sha256').update(readFileSync(PROJECT)).digest('hex').slice(0, 12);
  const jars = join(cache, `neo4j-${version}`);
  const needsMaven = !existsSync(jars) && findExecutable('mvn') === undefined;
  const java = await findJava();
  const missing = [
    ...(java === undefined ? ['openjdk-17-jre-headless'] : []),
    ...(needsMaven ? ['maven'] : []),
  ];
  return { java, jars, missing };
}

async function findJava(): Promise<string | undefined> {
  const home = process.env['JAVA_HOME'];
  const debian = JAVA_VERSIONS.flatMap((version) =>
    ['amd64', 'arm64'].map((arch) => `/usr/lib/jvm/java-${version}-openjdk-${arch}/bin/java`),
  );
  const candidates = [home && join(home, 'bin', 'java'), findExecutable('java'), ...debian];
  for (const java of candidates) {
    if (java && existsSync(java) && JAVA_VERSIONS.includes(await javaVersion(java))) return java;
  }
  return undefined;
}

async function javaVersion(java: string): Promise<number> {
  const { lines } = await runCommand(java, ['-version']).catch(() => ({ lines: [] }));
  return Number(/version "(\d+)/.exec(lines.join('\n'))?.[1]);
}

async function copyJars(jars: string, progress: Progress, signal: AbortSignal): Promise<void> {
  const unfinished = `${jars}.${process.pid}.part`;
  mkdirSync(unfinished, { recursive: true });
  removeAbandoned(dirname(jars));
  const mvn = findExecutable('mvn') ?? 'mvn';
  let fetched = 0;
  const onLine = (line: string) => {
    if (/Downloaded from .*\.jar/.test(line)) fetched += 1;
    if (fetched > 0) progress.update(`fetching Neo4j: ${fetched} of about ${ABOUT_JARS} jars`);
  };
  progress.update('fetching Neo4j from Maven Central (116 MB, once)');
  const args = ['-B', '-f', PROJECT, COPY, '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`];
  const { code, lines } = await runCommand(mvn, args, { onLine, signal });
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new LaunchError(mavenFault(lines));
  }
  // Another run may have finished first; its jars are the same.
  if (existsSync(jars)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, jars);
}

/** What starts that were killed have left half fetched. */
function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = /\.(\d+)\.part$/.exec(name)?.[1];
    if (pid !== undefined && processIdentity(Number(pid)) === undefined)
      rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function mavenFault(lines: readonly string[]): string {
  const output = lines.join('\n');
  if (output.includes('No space left on device')) return 'the disk is full: free some space and start again';
  if (/Could not transfer|Unknown host|Connection refused|timed out/i.test(output))
    return 'Maven Central is not reachable: check the network or the proxy and start again';
  return `Maven could not fetch it: ${lines.find((line) => line.startsWith('[ERROR]')) ?? 'no reason given'}`;
}
