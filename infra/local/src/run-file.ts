import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What connects a simulated workspace. */
export const Workspace = z.looseObject({
  name: z.string(),
  workspace_id: z.string(),
  tenant_id: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
});
export type Workspace = z.output<typeof Workspace>;

const Process = z.object({ name: z.string(), pid: z.number() });

/** `.local/run.json`: where everything is while it runs. */
export const RunFile = z.object({
  gateway_url: z.string(),
  console_url: z.string().nullable(),
  admin_api_key: z.string(),
  simulator_url: z.string().nullable(),
  simulator_control_url: z.string().nullable(),
  postgres_url: z.string(),
  redis_url: z.string(),
  neo4j: z.object({ uri: z.string(), user: z.string(), password: z.string() }).nullable(),
  ca_file: z.string().nullable(),
  services: z.array(Process.extend({ health_url: z.string() })),
  stores: z.array(Process),
  workspaces: z.array(Workspace),
});
export type RunFile = z.output<typeof RunFile>;

export const runFilePath = (folder: string): string => join(folder, 'run.json');

/** Readers see the old file or the new one, never half of one. */
export function writeRunFile(folder: string, content: RunFile): void {
  const file = runFilePath(folder);
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export const removeRunFile = (folder: string): void => rmSync(runFilePath(folder), { force: true });
