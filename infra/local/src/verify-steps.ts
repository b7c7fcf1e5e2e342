import type { Step } from './step.ts';

/** What `npm run verify` checks besides tests; the cheapest first. */
export const verifySteps: readonly Step[] = [
  { name: 'format', command: 'biome', args: ['check', '.'] },
  { name: 'types', command: 'tsc', args: ['-b'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'unused code and dependencies', command: 'knip', args: [] },
  {
    name: 'openapi drift',
    command: 'node',
    args: ['--conditions=@socmate/source', 'services/gateway/src/openapi-check.ts'],
  },
];
