import type { AzureIncident } from '../system/azure.ts';
import type { SimulatedTenant } from '../system/simulated-tenant.ts';

/** What a random history is made in. */
export interface World {
  readonly workspace: string;
  readonly tenant: SimulatedTenant;
  readonly random: () => number;
  /** As Azure has them now. */
  incidents(): Promise<readonly AzureIncident[]>;
  alertsOf(incident: AzureIncident): Promise<readonly { readonly name: string }[]>;
}

export const pick = <T>(random: () => number, from: readonly T[]): T | undefined =>
  from[Math.floor(random() * from.length)];

const numberOf = (incident: AzureIncident): number => incident.properties.incidentNumber;
const isOpen = ({ properties }: AzureIncident): boolean => properties.status !== 'Closed';

type Step = (world: World, incident: AzureIncident) => Promise<void>;

const change =
  (what: (world: World) => Record<string, unknown>): Step =>
  (world, incident) =>
    world.tenant.change(world.workspace, numberOf(incident), what(world));

const create: Step = ({ tenant, workspace, random }) =>
  tenant.generate(workspace, {
    incidents: 1 + Math.floor(random() * 4),
    seed: Math.floor(random() * 1e6),
    severity: { High: 1, Medium: 2, Low: 1 },
    // Some were created long before they appear, so before the workspace was connected.
    spread: random() < 0.7 ? 'PT0S' : 'PT6H',
  });

const severity = change(({ random }) => ({
  severity: pick(random, ['Informational', 'Low', 'Medium', 'High']),
}));
const close = change(() => ({ status: 'Closed' }));
const label = change(({ random }) => ({
  labels: [{ labelName: `label ${Math.floor(random() * 5)}`, labelType: 'User' }],
}));

const reopen: Step = async ({ tenant, workspace }, incident) => {
  if (!isOpen(incident)) await tenant.act(workspace, numberOf(incident), 'reopen');
};

const others = async (world: World, incident: AzureIncident): Promise<AzureIncident | undefined> =>
  pick(
    world.random,
    (await world.incidents()).filter((other) => other.name !== incident.name && isOpen(other)),
  );

const merge: Step = async (world, incident) => {
  const target = await others(world, incident);
  if (!target || !isOpen(incident)) return;
  await world.tenant.act(world.workspace, numberOf(incident), 'merge', { into: numberOf(target) });
};

const moveAlert: Step = async (world, incident) => {
  const target = await others(world, incident);
  const alert = pick(world.random, await world.alertsOf(incident));
  if (!target || !alert) return;
  const body = { alert: alert.name, to: numberOf(target) };
  await world.tenant.act(world.workspace, numberOf(incident), 'move-alert', body);
};

const remove: Step = ({ tenant, workspace }, incident) => tenant.act(workspace, numberOf(incident), 'delete');

/** Steps that no alert depends on, so that they may happen while a sync reads. */
const QUIET: readonly Step[] = [
  label,
  change(({ random }) => ({ title: `title ${Math.floor(random() * 1e6)}` })),
  ({ tenant, workspace, random }, incident) =>
    tenant.act(workspace, numberOf(incident), 'comments', { message: `comment ${random()}` }),
];
const STEPS: readonly Step[] = [
  create,
  create,
  create,
  severity,
  severity,
  severity,
  close,
  close,
  reopen,
  reopen,
  merge,
  moveAlert,
  remove,
  ...QUIET,
];

export async function randomStep(world: World): Promise<void> {
  const incident = pick(world.random, await world.incidents());
  const step = incident ? pick(world.random, STEPS) : create;
  await step?.(world, incident as AzureIncident);
}

/** Of these incidents one: Azure itself may be failing. */
export async function quietStep(world: World, incidents: readonly AzureIncident[]): Promise<void> {
  const incident = pick(world.random, incidents);
  if (incident) await pick(world.random, QUIET)?.(world, incident);
}

const FAULTS: readonly Record<string, unknown>[] = [
  { target: 'incidents', kind: '429', ms: 100, rate: 0.4 },
  { target: 'incidents', kind: '500', rate: 0.4 },
  { target: 'incidents', kind: 'drop', rate: 0.4 },
  { target: 'incidents', kind: 'latency', ms: 60 },
  { target: 'incidents', kind: 'partial' },
  { target: 'incidents', kind: 'garbage', count: 2 },
  { target: 'incidents', kind: 'endless', count: 2 },
  { target: 'incidents', kind: 'foreign', count: 2 },
  { target: 'incidents', kind: 'expired', count: 1 },
  { target: 'token', kind: '500', count: 2 },
  { target: 'alerts', kind: 'late' },
  { target: 'entities', kind: 'late' },
  { target: 'alerts', kind: '500', rate: 0.5 },
  { target: 'entities', kind: 'drop', rate: 0.5 },
];

export async function randomFaults({ tenant, random }: World): Promise<void> {
  for (let left = Math.floor(random() * 3); left > 0; left -= 1) {
    const fault = pick(random, FAULTS);
    await tenant.fault({ ...fault, seed: Math.floor(random() * 1e6) });
  }
}
