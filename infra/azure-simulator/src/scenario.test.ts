import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readScenarios } from './scenario.ts';

const SHIPPED = join(import.meta.dirname, '..', 'scenarios');
const folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Path = readonly (string | number)[];

function shippedWith(path: Path, value: unknown): string {
  const scenario: unknown = JSON.parse(readFileSync(join(SHIPPED, 'password-spray.json'), 'utf8'));
  let inner = scenario as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) inner = inner[key] as Record<string | number, unknown>;
  inner[path.at(-1) ?? ''] = value;
  return JSON.stringify(scenario);
}

function read(text: string): unknown {
  const file = join(folder, 'given.json');
  writeFileSync(file, text);
  return readScenarios([folder]);
}

test.each<[string, Path, unknown]>([
  ['incident.severity', ['incident', 'severity'], 'Critical'],
  ['incident.createdTimeUtc', ['incident', 'createdTimeUtc'], 'forty minutes ago'],
  ['incident', ['incident', 'sevrity'], 'High'],
  ['alerts.1.techniques.0', ['alerts', 1, 'techniques', 0], 'brute force'],
  ['alerts.0.tactics.0', ['alerts', 0, 'tactics', 0], 'Hacking'],
  ['alerts', ['alerts'], []],
  ['entities.0.properties.upn', ['entities', 0, 'properties', 'upn'], 'a@b.example'],
  ['entities.2.kind', ['entities', 2, 'kind'], 'account'],
  ['entities.3.properties.friendlyName', ['entities', 3, 'properties', 'friendlyName'], '#nobody'],
  ['id', ['id'], 'Password Spray'],
  ['intelligence.45.155.205.20.shodan', ['intelligence', '45.155.205.20', 'shodan'], {}],
  ['expected.verdict', ['expected', 'verdict'], 'bad'],
  ['expected.techniques.0', ['expected', 'techniques', 0], 'spraying'],
  ['expected.entities.0.type', ['expected', 'entities', 0, 'type'], 'address'],
])('a bad %s is reported with the file and that field', (field, path, value) => {
  expect(() => read(shippedWith(path, value))).toThrow(
    `${join(folder, 'given.json')} is not a scenario: ${field}:`,
  );
});

test('a file that is no JSON is named', () => {
  expect(() => read('{')).toThrow(join(folder, 'given.json'));
});

test('two scenarios cannot share an id', () => {
  writeFileSync(join(folder, 'given.json'), shippedWith(['title'], 'Another'));
  expect(() => readScenarios([SHIPPED, folder])).toThrow(/given\.json: id: password-spray/);
});

test('later parts of a scenario file are accepted', () => {
  expect(read(shippedWith(['tables'], { SigninLogs: [{ TimeGenerated: '-PT2H' }] }))).toBeDefined();
});

const NOT_ROUTABLE = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_ROUTABLE.addSubnet(net, prefix);
}

test('every address in the shipped scenarios is routable or private, and each has an external one', () => {
  const scenarios = [...readScenarios([SHIPPED]).values()];
  expect(scenarios.length).toBeGreaterThanOrEqual(10);
  for (const { id, entities } of scenarios) {
    const addresses = entities.flatMap(({ properties }) => properties['address'] ?? []).map(String);
    for (const address of addresses) expect([id, address, isIP(address)]).toEqual([id, address, 4]);
    expect(addresses.filter((address) => NOT_ROUTABLE.check(address))).toEqual([]);
    expect(addresses.some((address) => !/^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address))).toBe(true);
  }
});
