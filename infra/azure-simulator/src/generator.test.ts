import { afterEach, expect, test } from '@jest/globals';
import type { Resource } from './incident-store.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
import { bearer, connection, control, incidentsPath, send } from './test-client.ts';

const running: Simulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ seed: 'tenant', ...options });
  running.push(simulator);
  return simulator;
}

async function all(simulator: Simulator, $filter = 'properties/incidentNumber gt 0'): Promise<Resource[]> {
  const headers = await bearer(simulator);
  const found: Resource[] = [];
  let next: string | undefined = incidentsPath(connection(simulator), '', { $filter });
  while (next !== undefined) {
    const { body } = await send(simulator, next, { headers });
    const page = body as { value: Resource[]; nextLink?: string };
    found.push(...page.value);
    next = page.nextLink;
  }
  return found;
}

const count = (incidents: readonly Resource[], name: string, value: string): number =>
  incidents.filter(({ properties }) => properties[name] === value).length;

test('a start with generated incidents has a day of them, of mixed severity and status, the closed ones classified', async () => {
  const simulator = await start({ generated: { incidents: 500, seed: 7 }, isPopulated: false });
  const incidents = await all(simulator);
  expect(incidents).toHaveLength(500);
  expect(count(incidents, 'severity', 'High')).toBeLessThan(count(incidents, 'severity', 'Low'));
  expect(count(incidents, 'status', 'New')).toBeGreaterThan(250);
  expect(count(incidents, 'status', 'Active')).toBeGreaterThan(50);
  const closed = await all(simulator, "properties/status eq 'Closed'");
  expect(closed.length).toBeGreaterThan(50);
  const classifications = closed.map(({ properties }) => properties['classification']);
  expect(new Set(classifications).size).toBe(4);
  for (const { properties } of incidents) {
    const isClosed = properties['status'] === 'Closed';
    expect(properties['classification'] !== undefined).toBe(isClosed);
    expect(properties['lastModifiedTimeUtc']).toBe(properties['createdTimeUtc']);
  }
});

test('the same seed generates the same severities, statuses and stories at every start, another seed others', async () => {
  const tell = async (seed: number): Promise<unknown[]> => {
    const incidents = await all(await start({ generated: { incidents: 100, seed }, isPopulated: false }));
    return incidents.map(({ properties: { title, severity, status } }) => [title, severity, status].join());
  };
  const first = await tell(7);
  expect(await tell(7)).toEqual(first);
  expect(await tell(8)).not.toEqual(first);
});

test('what is generated later is new unless other statuses are asked for', async () => {
  const simulator = await start({ isPopulated: false });
  await control(simulator, '/generate', { incidents: 40 });
  expect(count(await all(simulator), 'status', 'New')).toBe(40);
  await control(simulator, '/generate', { incidents: 40, status: { Closed: 1 } });
  expect(count(await all(simulator), 'status', 'Closed')).toBe(40);
  const refused = await control(simulator, '/generate', { incidents: 1, status: { Open: 1 } });
  expect(refused.status).toBe(422);
});
