import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ENTITY_KINDS, unknownProperties } from './entity-properties.ts';
import { ExpectedOutcome } from './expected-outcome.ts';
import { Intelligence } from './intelligence/intelligence.ts';
import { SEVERITIES, STATUSES } from './journal.ts';
import { Technique } from './technique.ts';
import { parseDuration, parseInstant } from './times.ts';

/** An ISO duration from the time of the occurrence (`-PT40M`), or an absolute time. */
const Time = z
  .string()
  .refine((text) => parseDuration(text) !== undefined || parseInstant(text) !== undefined, {
    message: 'neither an ISO duration such as -PT40M nor an ISO time',
  });

const Tactic = z.enum(
  'Reconnaissance ResourceDevelopment InitialAccess Execution Persistence PrivilegeEscalation DefenseEvasion CredentialAccess Discovery LateralMovement Collection CommandAndControl Exfiltration Impact PreAttack'.split(
    ' ',
  ),
);
const Json = z.record(z.string(), z.unknown());

/** As Azure allows them, lower case. */
export const WorkspaceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{2,61}[a-z0-9]$/, 'not a workspace name: 4 to 63 of a-z, 0-9 and -');

const Incident = z.strictObject({
  title: z.string().min(1),
  description: z.string().default(''),
  severity: z.enum(SEVERITIES),
  status: z.enum(STATUSES).default('New'),
  createdTimeUtc: Time,
  firstActivityTimeUtc: Time.optional(),
  lastActivityTimeUtc: Time.optional(),
  classification: z.enum(['TruePositive', 'FalsePositive', 'BenignPositive', 'Undetermined']).optional(),
  classificationReason: z.string().optional(),
  classificationComment: z.string().optional(),
  owner: Json.optional(),
  labels: z
    .array(z.strictObject({ labelName: z.string(), labelType: z.enum(['User', 'AutoAssigned']) }))
    .optional(),
  providerName: z.string().optional(),
  relatedAnalyticRuleIds: z.array(z.string()).optional(),
  additionalData: Json.optional(),
});

const Alert = z.strictObject({
  alertDisplayName: z.string().min(1),
  description: z.string(),
  severity: z.enum(SEVERITIES),
  vendorName: z.string().default('Microsoft'),
  productName: z.string().min(1),
  productComponentName: z.string().optional(),
  productVersion: z.string().optional(),
  alertType: z.string().min(1),
  providerAlertId: z.string().optional(),
  compromisedEntity: z.string().optional(),
  confidenceLevel: z.enum(['Unknown', 'Low', 'High']).optional(),
  confidenceScore: z.number().optional(),
  intent: z.string().optional(),
  status: z.enum(['New', 'InProgress', 'Resolved', 'Dismissed', 'Unknown']).optional(),
  tactics: z.array(Tactic).default([]),
  techniques: z.array(Technique).default([]),
  startTimeUtc: Time,
  endTimeUtc: Time,
  timeGenerated: Time.optional(),
  processingEndTime: Time.optional(),
  alertLink: z.url().optional(),
  remediationSteps: z.array(z.string()).optional(),
  resourceIdentifiers: z.array(Json).optional(),
  additionalData: Json.default({}),
});

const Entity = z
  .strictObject({
    /** A name by which other entities of the file refer to this one: `"hostEntityId": "#web01"`. */
    key: z.string().optional(),
    kind: z.enum(ENTITY_KINDS),
    properties: Json,
  })
  .superRefine(({ kind, properties }, context) => {
    for (const name of unknownProperties(kind, Object.keys(properties))) {
      context.addIssue({
        code: 'custom',
        path: ['properties', name],
        message: `${kind} has no such property`,
      });
    }
  });

export const Scenario = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'not kebab-case'),
    title: z.string().min(1),
    workspace: WorkspaceName.optional(),
    incident: Incident,
    alerts: z.array(Alert).min(1),
    entities: z.array(Entity).min(1),
    tables: z.record(z.string(), z.array(Json)).optional(),
    intelligence: Intelligence.optional(),
    expected: ExpectedOutcome.optional(),
  })
  .superRefine(({ entities }, context) => {
    const keys = new Set(entities.flatMap(({ key }) => key ?? []));
    for (const [position, { properties }] of entities.entries()) {
      for (const [name, value] of Object.entries(properties)) {
        const wanted = referencesIn(value).filter((key) => !keys.has(key));
        const path = ['entities', position, 'properties', name];
        for (const key of wanted)
          context.addIssue({ code: 'custom', path, message: `no entity has the key ${key}` });
      }
    }
  });
export type Scenario = z.output<typeof Scenario>;

/** The keys that a property's value refers to: `#web01`, alone or in a list. */
export const referencesIn = (value: unknown): string[] =>
  [value].flat().flatMap((item) => (typeof item === 'string' && item.startsWith('#') ? item.slice(1) : []));

function readScenario(file: string): Scenario {
  const parse = (): unknown => {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new Error(`${file}: ${cause instanceof Error ? cause.message : 'not readable'}`, { cause });
    }
  };
  const result = Scenario.safeParse(parse());
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || '(file)'}: ${message}`);
  throw new Error(`${file} is not a scenario: ${faults.join('; ')}`);
}

/** Every `*.json` of the folders, by id; a bad file stops the start and is named with its field. */
export function readScenarios(folders: readonly string[]): ReadonlyMap<string, Scenario> {
  const scenarios = new Map<string, Scenario>();
  for (const folder of folders) {
    for (const name of readdirSync(folder).toSorted()) {
      if (!name.endsWith('.json')) continue;
      const file = join(folder, name);
      const scenario = readScenario(file);
      if (scenarios.has(scenario.id)) throw new Error(`${file}: id: ${scenario.id} is another scenario's id`);
      scenarios.set(scenario.id, scenario);
    }
  }
  return scenarios;
}
