import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@socmate/testing';
import type { AzureIncident } from '../system/azure.ts';
import { seededRandom } from '../system/seeded-random.ts';
import type { SimulatedWorkspace } from '../system/simulated-tenant.ts';
import { type System, startSystem } from '../system/start-system.ts';
import { pick } from './random-steps.ts';

const RUNS = process.env['FAULT_POINTS'] === 'full' ? 10 : 1;
const SEED = Number(process.env['FAULT_SEED'] ?? 815);
const WORKSPACES = 3;
const STEPS = 40;

let system: System;
beforeAll(async () => {
  system = await startSystem({ SYNC_INTERVAL: '1' }, ['--read-quota=false']);
  await system.addReplica('sentinel-sync');
}, 60_000);
afterAll(() => system?.close(), 60_000);

interface Change {
  readonly number: number;
  readonly provider: string;
  readonly change_seq: number;
  readonly title: string;
}

interface Reader {
  readonly seen: readonly Change[];
  /** Reads on until nothing is left. */
  stop(): Promise<void>;
}

/** Polls `changes` from the beginning, page after page, as an integration does. */
function startReader(): Reader {
  const seen: Change[] = [];
  let cursor: string | undefined;
  let isStopping = false;
  const read = async (): Promise<boolean> => {
    const at = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await system.api('GET', `/api/v1/incidents/changes?limit=7${at}`);
    if (status !== 200) throw new Error(`changes answered ${status}: ${JSON.stringify(body)}`);
    seen.push(...(body.items as Change[]));
    cursor = body.next_cursor as string;
    return body.has_more as boolean;
  };
  const run = async (): Promise<void> => {
    for (;;) {
      const isLastRound = isStopping;
      while (await read());
      if (isLastRound) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const done = run();
  done.catch(() => undefined);
  return {
    seen,
    stop: () => {
      isStopping = true;
      return done;
    },
  };
}

async function connect(run: number): Promise<Map<string, { id: string; workspace: SimulatedWorkspace }>> {
  const connected = new Map<string, { id: string; workspace: SimulatedWorkspace }>();
  for (let index = 0; index < WORKSPACES; index += 1) {
    const name = `changes-${run}-${index}`;
    const workspace = await system.tenant.addWorkspace(name);
    await system.tenant.generate(name, { incidents: 30, seed: index });
    connected.set(name, { id: await system.connect(workspace), workspace });
  }
  return connected;
}

const enable = async (id: string, enabled: boolean): Promise<void> => {
  const { status } = await system.api('PATCH', `/api/admin/siem-providers/${id}`, { enabled });
  expect(status).toBe(200);
};

const titlesOf = (incidents: readonly AzureIncident[]): Map<number, string> =>
  new Map(
    incidents.map(({ properties }) => [
      properties.incidentNumber,
      (properties as unknown as { title: string }).title,
    ]),
  );

test.each(Array.from({ length: RUNS }, (_, index) => index))(
  'run %i: a reader of changes misses nothing and sees each change once, while a workspace is down for two hours',
  async (run) => {
    const random = seededRandom(SEED + run);
    const connected = await connect(run);
    const names = [...connected.keys()];
    const down = connected.get(names[0]!)!;
    const reader = startReader();
    await enable(down.id, false);
    for (let step = 0; step < STEPS; step += 1) {
      await system.tenant.setClock(`PT${Math.floor((step * 120) / STEPS)}M`);
      const name = pick(random, names)!;
      if (random() < 0.3) await system.tenant.generate(name, { incidents: 1, seed: step });
      else await system.tenant.change(name, 1 + Math.floor(random() * 30), { title: `step ${step}` });
    }
    await enable(down.id, true);
    for (const [name, { workspace }] of connected) {
      const expected = titlesOf(await system.azure.incidents(workspace));
      await until(`${name} is stored as Azure has it`, async () => {
        const { rows } = await system.database.query(
          'SELECT i.number, i.title FROM incident AS i JOIN siem_provider AS p ON p.id = i.provider_id WHERE p.name = $1',
          [name],
        );
        return (
          rows.length === expected.size && rows.every((row) => expected.get(Number(row.number)) === row.title)
        );
      });
    }
    // An older transaction, of whatever database of the server, holds changes back.
    await until('the changes are visible', async () => {
      const { rows } = await system.database.query(
        'SELECT max(change_seq) < pg_snapshot_xmin(pg_current_snapshot()) AS visible FROM incident',
      );
      return rows[0].visible as boolean;
    });
    await reader.stop();
    await system.tenant.setClock('PT0S');
    for (const [name, { workspace }] of connected) {
      const seen = reader.seen.filter(({ provider }) => provider === name);
      const last = new Map(seen.map(({ number, title }) => [number, title]));
      expect(last).toEqual(titlesOf(await system.azure.incidents(workspace)));
      const versions = seen.map(({ number, change_seq }) => `${number} ${change_seq}`);
      expect(new Set(versions).size).toBe(versions.length);
    }
    const order = reader.seen.map(({ change_seq }) => change_seq);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  },
  120_000,
);
