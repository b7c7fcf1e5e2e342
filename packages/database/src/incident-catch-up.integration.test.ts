import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { anIncident, aProvider, cloneDatabase, type TestDatabase } from '@socmate/testing';
import { createIncidentReadings } from './incident-readings.ts';
import { migrate } from './migrate.ts';
import { createPool, type Pool } from './pool.ts';

const migrations = fileURLToPath(new URL('../prisma/migrations/', import.meta.url));
const FIRST = '20261123010000_entities';

let database: TestDatabase;
let pool: Pool;
let folder: string;

beforeEach(async () => {
  database = await cloneDatabase('template0');
  pool = createPool(database.url, { size: 2, name: 'test' });
  folder = await mkdtemp(join(tmpdir(), 'before-'));
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function migrateToBefore(): Promise<void> {
  const names = (await readdir(migrations, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name } of names.filter((entry) => entry.name < FIRST)) {
    await mkdir(join(folder, name));
    await cp(join(migrations, name), join(folder, name), { recursive: true });
  }
  await migrate(database.url, undefined, pathToFileURL(`${folder}/`));
}

test('incidents stored before entities were read are due after the update, the newest first, behind every new one', async () => {
  await migrateToBefore();
  const { id: provider_id } = await aProvider(pool);
  const days = [3, 1, 2];
  const stored = new Map<number, string>();
  for (const day of days) {
    const { id } = await anIncident(pool, {
      provider_id,
      last_modified_at: new Date(Date.UTC(2026, 0, day)),
    });
    stored.set(day, id);
  }
  await migrate(database.url);
  const { id: fresh } = await anIncident(pool, { provider_id });
  await pool.query('INSERT INTO incident_reading (incident_id, due_at) VALUES ($1, now())', [fresh]);
  const readings = createIncidentReadings(pool);
  const order = [];
  for (let turn = 0; turn < 4; turn += 1) order.push(...(await readings.claim(1)));
  expect(order).toEqual([
    { incidentId: fresh, version: 1 },
    ...[3, 2, 1].map((day) => ({ incidentId: stored.get(day), version: 0 })),
  ]);
});
