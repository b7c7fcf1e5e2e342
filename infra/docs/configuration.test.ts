import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
const services = readdirSync(join(root, 'services')).filter((name) =>
  existsSync(join(root, 'services', name, 'src/config.ts')),
);

type Default = string | number | boolean | readonly (string | number)[];

interface Variable {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: Default };
}

async function variablesOf(service: string): Promise<Record<string, Variable>> {
  const file = join(root, 'services', service, 'src/config.ts');
  const { Config } = (await import(file)) as { Config: { shape: Record<string, Variable> } };
  return Config.shape;
}

/** As the page writes it. */
function defaultOf(variable: Variable): string {
  const { success, data } = variable.safeParse(undefined);
  if (!success) return 'required';
  const text = typeof data === 'object' ? data.join(',') : String(data ?? '');
  return text === '' ? '–' : `\`${text}\``;
}

const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` \| ([a-z ]+) \| (.*?) \| .*\|$/gm)].map(
  ([, name = '', readBy = '', fallback = '']) => ({ name, readBy, fallback }),
);

/** One default for all who read it, or `– (g), required (s)`; other words in brackets explain. */
function documentedDefault(fallback: string, service: string): string {
  const own = fallback.split(', ').find((part) => part.endsWith(` (${service.charAt(0)})`));
  return (own ?? fallback).replace(/ \(.*\)$/, '');
}

const isReadBy = (readBy: string, service: string): boolean =>
  readBy === 'all' || readBy.split(' ').includes(service.charAt(0));

test.each(services)('the page names what %s reads, with its defaults', async (service) => {
  const documented = rows
    .filter(({ readBy }) => isReadBy(readBy, service))
    .map(({ name, fallback }) => [name, documentedDefault(fallback, service)] as const);
  const read = Object.entries(await variablesOf(service)).map(
    ([name, variable]) => [name, defaultOf(variable)] as const,
  );
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(read));
});

test('docker compose hands on only what a service reads', async () => {
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const own = compose.slice(0, compose.indexOf('\n  postgres:'));
  const given = [...own.matchAll(/^ +([A-Z][A-Z0-9_]+): /gm)].map(([, name = '']) => name);
  const known = (await Promise.all(services.map(variablesOf))).flatMap((shape) => Object.keys(shape));
  const unknown = given.filter((name) => !known.includes(name) && !/^(?:OTEL_|NODE_)/.test(name));
  expect(given).toContain('DATABASE_URL');
  expect(unknown).toEqual([]);
});
