import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';

type Db = Pick<pg.Pool, 'query'>;
type Row = Record<string, unknown>;

async function insert<T extends Row>(db: Db, table: string, row: T): Promise<T> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await db.query(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(row),
  );
  return row;
}

const anId = (prefix: string): string => `${prefix}_${randomBytes(8).toString('hex')}`;

/** Inserts a connected workspace; give only the columns that matter. */
export function aProvider(db: Db, only: Row = {}): Promise<Row & { id: string; name: string }> {
  const id = anId('prv');
  return insert(db, 'siem_provider', {
    id,
    name: `workspace-${id.slice(4)}`,
    provider_type: 'sentinel',
    tenant_id: 'tenant-1',
    client_id: 'client-1',
    client_secret_sealed: 'sealed',
    client_secret_masked: '****1234',
    workspace_id: randomUUID(),
    subscription_id: randomUUID(),
    resource_group: 'soc',
    workspace_name: 'soc-workspace',
    ...only,
  });
}

let lastNumber = 0;

/** Inserts an incident of a workspace; give only the columns that matter. */
export function anIncident(
  db: Db,
  only: Row & { provider_id: string },
): Promise<Row & { id: string; number: number }> {
  lastNumber += 1;
  const name = randomUUID();
  return insert(db, 'incident', {
    id: anId('inc'),
    sentinel_name: name,
    number: lastNumber,
    title: 'Password spray',
    description: '',
    severity: 'medium',
    status: 'new',
    labels: [],
    tactics: [],
    techniques: [],
    alerts_count: 0,
    created_at: new Date(),
    last_modified_at: new Date(),
    raw: { name, properties: {} },
    ...only,
  });
}

/** Inserts a webhook endpoint; give only the columns that matter. */
export function anEndpoint(db: Db, only: Row = {}): Promise<Row & { id: string }> {
  return insert(db, 'webhook_endpoint', {
    id: anId('whe'),
    name: 'receiver',
    url_sealed: 'sealed',
    url_masked: 'https://receiver.example/…',
    event_types: ['incident-alert'],
    secret_sealed: 'sealed',
    ...only,
  });
}

/** Inserts an event with its delivery to an endpoint; give only the delivery's columns that matter. */
export async function aDelivery(
  db: Db,
  only: Row & { endpoint_id: string },
): Promise<Row & { id: string; event_id: string }> {
  const event_id = anId('evt');
  await insert(db, 'event', {
    id: event_id,
    type: 'incident-alert',
    cause_key: event_id,
    body: Buffer.from(`{"id":"${event_id}"}`),
  });
  return insert(db, 'delivery', { id: anId('dlv'), event_id, ...only });
}
