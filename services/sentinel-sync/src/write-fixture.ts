import { randomBytes, randomUUID } from 'node:crypto';
import type { StatusChangeCreate } from '@socmate/contracts';
import { createSentinelClient, type SentinelClient, type SentinelIncident } from '@socmate/sentinel';
import { until } from '@socmate/testing';
import { openSyncFixture, type SyncFixture } from './sync-fixture.ts';

type Row = Readonly<Record<string, unknown>>;

export const WRITES_TAKEN = `INSERT INTO azure_quota (subscription_id, kind, taken)
  SELECT subscription_id, 'write', array_fill(now(), ARRAY[75]) FROM siem_provider`;

const HOUR_MS = 3_600_000;

const anId = (prefix: string): string => `${prefix}_${randomBytes(8).toString('hex')}`;

/** Azure as somebody else looks at it, and not as the service under test remembers it. */
function clientOf({ simulator }: SyncFixture): SentinelClient {
  const [workspace] = simulator.workspaces;
  if (!workspace) throw new Error('the simulator has no workspace');
  return createSentinelClient(
    { authorityHost: simulator.url, resourceManagerUrl: simulator.url },
    {
      credentialType: 'secret',
      cloud: 'public',
      tenantId: workspace.tenant_id,
      clientId: workspace.client_id,
      clientSecret: workspace.client_secret,
      subscriptionId: workspace.subscription_id,
      resourceGroup: workspace.resource_group,
      workspaceName: workspace.workspace_name,
    },
  );
}

async function insert({ pool }: SyncFixture, table: string, row: Row): Promise<string> {
  const places = Object.keys(row).map((_, index) => `$${index + 1}`);
  const text = `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${places.join(', ')})`;
  await pool.query(text, Object.values(row));
  return String(row['id']);
}

export interface WriteFixture extends SyncFixture {
  readonly read: (table: string, id: string) => Promise<Row>;
  readonly incident: () => Promise<Row>;
  /** The simulated tenant's applications, with their secrets. */
  readonly applications: () => Promise<unknown>;
  /** Connects, syncs one incident and leaves a replica running. */
  readonly begin: (only?: Row) => Promise<string>;
  /** The incident as Azure has it. */
  readonly azureIncident: () => Promise<SentinelIncident>;
  readonly azureComment: (id: string) => Promise<string | undefined>;
  readonly puts: () => Promise<number>;
  readonly addComment: (only?: Row) => Promise<string>;
  readonly addChange: (requested: StatusChangeCreate, only?: Row) => Promise<string>;
  /** Waits until a row has one of these statuses. */
  readonly becomes: (table: string, id: string, ...statuses: readonly string[]) => Promise<Row>;
}

type Adders = Pick<WriteFixture, 'addComment' | 'addChange'>;

/** Comments and changes of the incident, stored as the API stores them. */
function addersOf(fixture: SyncFixture, incident: WriteFixture['incident']): Adders {
  const origin = async () => {
    const { id, provider_id } = await incident();
    // The older a row, the longer it waits to be tried again: the test says when, and not the time that it takes.
    const created_at = new Date(Date.now() - HOUR_MS);
    return { incident_id: id, provider_id, created_by: 'key_test', created_at };
  };
  return {
    addComment: async (only = {}) => {
      const given = { id: anId('cmt'), sentinel_name: randomUUID(), message: 'Blocked the address.' };
      return insert(fixture, 'comment', { ...given, ...(await origin()), ...only });
    },
    addChange: async (requested, only = {}) => {
      const { raw: basis } = await incident();
      return insert(fixture, 'status_change', {
        id: anId('chg'),
        requested,
        basis,
        ...(await origin()),
        ...only,
      });
    },
  };
}

type Looks = Pick<WriteFixture, 'applications' | 'azureIncident' | 'azureComment' | 'puts'>;

function looksInto(fixture: SyncFixture, { incident, read }: Pick<WriteFixture, 'incident' | 'read'>): Looks {
  const client = clientOf(fixture);
  const { signal } = new AbortController();
  const incidentName = async (): Promise<string> => String((await incident())['sentinel_name']);
  return {
    applications: async () => (await fetch(`${fixture.simulator.controlUrl}/applications`)).json(),
    azureIncident: async () => {
      const found = await client.incident(await incidentName(), signal);
      if (!found) throw new Error('Azure has no such incident');
      return found;
    },
    azureComment: async (id) => {
      const name = String((await read('comment', id))['sentinel_name']);
      return (await client.comment(await incidentName(), name, signal))?.message;
    },
    puts: async () => (await fixture.control.requests()).filter(({ method }) => method === 'PUT').length,
  };
}

/** One incident in a simulated workspace, and what is written to it. */
export async function openWriteFixture(): Promise<WriteFixture> {
  const fixture = await openSyncFixture();
  const incident = async (): Promise<Row> => {
    const [row] = await fixture.rows('SELECT * FROM incident');
    if (!row) throw new Error('no incident is stored');
    return row;
  };
  const read = async (table: string, id: string): Promise<Row> => {
    const { rows } = await fixture.pool.query(`SELECT * FROM ${table} WHERE id = $1`, [id]);
    return rows[0] as Row;
  };
  return {
    ...fixture,
    ...addersOf(fixture, incident),
    ...looksInto(fixture, { incident, read }),
    read,
    incident,
    begin: async (only = {}) => {
      await fixture.control.post('/generate', { incidents: 1, seed: 7 });
      const id = await fixture.connect({ allow_status_changes: true, ...only });
      await fixture.start();
      await fixture.synced(id);
      return id;
    },
    becomes: (table, id, ...statuses) =>
      until(`${id} is ${statuses.join(' or ')}`, async () => {
        const row = await read(table, id);
        return statuses.includes(String(row['status'])) ? row : undefined;
      }),
  };
}
