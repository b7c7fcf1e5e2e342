/** @type {import('jest').Config} */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@socmate/source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.local/'],
};

const project = (displayName, roots, testMatch, more = {}) => ({
  displayName,
  roots: roots.map((root) => `<rootDir>/${root}`),
  testMatch,
  ...shared,
  ...more,
});

/** `unit` needs nothing; `integration` needs real stores; `e2e` and `faults` run whole systems. */
export default {
  projects: [
    project('unit', ['packages', 'services', 'infra', 'tests/bench'], ['**/*.test.ts'], {
      testPathIgnorePatterns: ['\\.integration\\.test\\.ts$'],
    }),
    project('integration', ['packages', 'services', 'infra'], ['**/*.integration.test.ts']),
    project('e2e', ['tests'], ['<rootDir>/tests/e2e/**/*.test.ts']),
    project('faults', ['tests'], ['<rootDir>/tests/faults/**/*.test.ts']),
  ],
  testTimeout: 30_000,
};
