import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Provider } from '../intelligence/define-provider.ts';
import { PROVIDERS } from './providers.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/intelligence-providers.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \| ([A-F]) \| .+ \|$/gm)];

function quotaOf({ limits: { perMinute, perDay } }: Provider): string {
  const parts = [
    perMinute === undefined ? '' : `${perMinute}/min`,
    perDay === undefined ? '' : `${perDay}/day`,
  ];
  return parts.filter((part) => part !== '').join(' ') || 'none';
}

function switchOf({ name, access, baseUrl }: Provider): string {
  const prefix = name.toUpperCase();
  if (access === 'either') return `\`${prefix}_API_KEY\` or \`${prefix}_ENABLED\``;
  if (access === 'switch') return `\`${prefix}_ENABLED\``;
  return `\`${prefix}_API_KEY\`${baseUrl === null ? ` and \`${prefix}_URL\`` : ''}`;
}

test('the page on providers says of each what is sent where, when it is on, its quota and its class', () => {
  const documented = rows.map(([, name, types = '', place, on, quota, reliability]) => ({
    name,
    types: types.replace(/ \(.*\)$/, '').split(' '),
    place,
    on,
    quota,
    reliability,
  }));
  const declared = PROVIDERS.map((provider: Provider) => ({
    name: provider.name,
    types: provider.entityTypes,
    place: provider.baseUrl === null ? 'your own' : `\`${new URL(provider.baseUrl).host}\``,
    on: switchOf(provider),
    quota: quotaOf(provider),
    reliability: provider.reliability,
  }));
  expect(documented).toEqual(declared);
});

test('every provider has a base URL that is an origin, and an end to its patience and its answers', () => {
  for (const provider of PROVIDERS as readonly Provider[]) {
    expect(provider.baseUrl === null || new URL(provider.baseUrl).origin === provider.baseUrl).toBe(true);
    expect(provider.timeoutMs).toBeLessThanOrEqual(10_000);
    expect(Object.values(provider.ttlS).every((ttlS) => ttlS > 0 && ttlS <= 7 * 86_400)).toBe(true);
  }
});
