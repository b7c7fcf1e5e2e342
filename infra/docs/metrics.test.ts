import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const SUFFIXES: Record<string, readonly string[]> = {
  Counter: ['_total'],
  Gauge: [''],
  Histogram: ['_bucket', '_sum', '_count'],
};

const sources = readdirSync(join(root, 'services'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[a-z-]+\/src\/.*(?<!\.test)\.ts$/.test(file))
  .map((file) => read(join('services', file)))
  .join('\n');
const made = [...sources.matchAll(/\.create(Counter|Gauge|Histogram)\(\s*'(\w+)'/g)].map(
  ([, kind = '', name = '']) => ({ kind, name }),
);
/** As `/metrics` shows them. */
const exported = new Set(made.flatMap(({ kind, name }) => SUFFIXES[kind]?.map((suffix) => name + suffix)));

const namesIn = (text: string): string[] => text.match(/\bsocmate_[a-z_]+/g) ?? [];

test.each(['infra/prometheus/alerts.yml', 'infra/grafana/dashboards/socmate.json'])(
  '%s asks for metrics that exist',
  (file) => {
    const names = namesIn(read(file));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !exported.has(name))).toEqual([]);
  },
);

test('docs/observability.md lists every metric, and no other', () => {
  const listed = [...read('docs/observability.md').matchAll(/^\| `(socmate_\w+)`/gm)].map(([, name]) => name);
  const real = made.map(({ kind, name }) => (kind === 'Counter' ? `${name}_total` : name));
  expect(new Set(listed)).toEqual(new Set(real));
});
