import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// pnpm links a package only what its own manifest names, so what may be imported is what stands there.
const root = join(import.meta.dirname, '../..');

interface Member {
  readonly path: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly all: readonly string[];
}

type Versions = Record<string, string>;
interface Manifest {
  readonly name: string;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

function membersOf(folder: string): Member[] {
  const paths = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  return paths.filter((path) => existsSync(join(root, path, 'package.json'))).map(readMember);
}

function readMember(path: string): Member {
  const text = readFileSync(join(root, path, 'package.json'), 'utf8');
  const { name, dependencies = {}, devDependencies = {} } = JSON.parse(text) as Manifest;
  const shipped = Object.keys(dependencies);
  return { path, name, dependencies: shipped, all: [...shipped, ...Object.keys(devDependencies)] };
}

const services = membersOf('services');
const packages = membersOf('packages');
const members = [...services, ...packages, ...membersOf('infra'), readMember('tests')];

/** Who imports a library: its owner, and what stands in for a third party in tests. */
const OWNERS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(?:bullmq(?:-otel)?|ioredis)$/, ['packages/queue']],
  [/^(?:@types\/)?express$/, ['packages/http']],
  [/^(?:prisma$|@prisma\/)/, ['packages/database']],
  [/^(?:@types\/)?pg$/, ['packages/database', 'packages/testing', 'tests']],
  [/^@azure\//, ['packages/sentinel', 'infra/azure-simulator']],
  [/^neo4j-driver$/, ['packages/knowledge-graph']],
  [/^axios$/, ['services/enrichment']],
];

test.each(OWNERS)('%s is imported by its owner alone', (library, owners) => {
  const importers = members.filter(({ all }) => all.some((name) => library.test(name)));
  expect(importers.map(({ path }) => path).filter((path) => !owners.includes(path))).toEqual([]);
  expect(importers.length).toBeGreaterThan(0);
});

test('no service imports a service, and nothing else does', () => {
  const names = services.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(1);
  expect(members.filter(({ all }) => all.some((name) => names.includes(name)))).toEqual([]);
});

test('what is shipped imports neither the tools of development nor those of tests', () => {
  const tools = members.filter(({ path }) => path.startsWith('infra/') || path === 'packages/testing');
  const names = tools.map(({ name }) => name);
  const shipped = [...services, ...packages];
  expect(shipped.filter(({ dependencies }) => dependencies.some((name) => names.includes(name)))).toEqual([]);
});

test('entities is pure: what it imports does no I/O', () => {
  const wanted = ['@socmate/contracts', 'ipaddr.js', 'tldts'];
  expect(packages.find(({ path }) => path === 'packages/entities')?.dependencies).toEqual(wanted);
});

test('contracts imports nothing that does I/O', () => {
  expect(packages.find(({ path }) => path === 'packages/contracts')?.dependencies).toEqual(['zod']);
});
