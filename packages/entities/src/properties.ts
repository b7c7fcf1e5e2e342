import { storableText, storableValue } from './storable.ts';

/** An entity's own properties and its additional data, whatever the case of their names. */
export interface Properties {
  /** The first of the names that has a text, own properties first. */
  text(...names: string[]): string | undefined;
  additional(name: string): string | undefined;
  list(name: string): unknown[];
  attributes(): Record<string, unknown>;
}

type Bag = Readonly<Record<string, unknown>>;

export const isBag = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function createProperties(own: Bag, more: Bag = {}): Properties {
  const mine = lowerNames(own);
  const additional = lowerNames(more);
  return {
    text: (...names) => firstText(mine, names) ?? firstText(additional, names),
    additional: (name) => asText(additional.get(name)),
    list: (name) => asList(mine.get(name) ?? additional.get(name)),
    attributes: () => ({ ...attributesOf(more), ...attributesOf(own) }),
  };
}

const lowerNames = (bag: Bag): Map<string, unknown> =>
  new Map(Object.entries(bag).map(([name, value]) => [name.toLowerCase(), value]));

function firstText(bag: Map<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = asText(bag.get(name));
    if (text !== undefined) return text;
  }
  return undefined;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = typeof value === 'string' ? storableText(value).trim() : '';
  return text === '' ? undefined : text;
}

function asList(value: unknown): unknown[] {
  const read = unpack(value);
  if (Array.isArray(read)) return read;
  return asText(read) === undefined ? [] : [read];
}

const UNTOLD = new Set(['$id', '$ref', 'Type', 'type', 'friendlyName', 'additionalData']);

function attributesOf(bag: Bag): Record<string, unknown> {
  const kept = Object.entries(bag).filter(
    ([name, value]) => !UNTOLD.has(name) && !name.endsWith('$ref') && isTold(value),
  );
  return Object.fromEntries(kept.map(([name, value]) => [snakeCase(name), storableValue(unpack(value))]));
}

function isTold(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  if (Array.isArray(value)) return value.length > 0 && value.every((each) => !isEntityLike(each));
  return !isEntityLike(value);
}

/** Looks like an entity, or a reference to one, inside another. */
const isEntityLike = (value: unknown): value is Record<string, unknown> =>
  isBag(value) && (typeof value['$ref'] === 'string' || typeof typeName(value) === 'string');

export const typeName = (bag: Bag): unknown => bag['Type'] ?? bag['type'];

// Sentinel writes lists and objects of additional data as JSON in a string.
function unpack(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** `OSFamily` is `os_family`, `azureID` `azure_id`, `MdatpDeviceId` `mdatp_device_id`. */
function snakeCase(name: string): string {
  const split = name.replace(/([a-z\d])(?=[A-Z])/g, '$1_').replace(/([A-Z])(?=[A-Z][a-z])/g, '$1_');
  return split.replace(/[^A-Za-z\d]+/g, '_').toLowerCase();
}
