/** What `npm test` provides for tests on real stores. */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`npm test\`, which starts the stores`);
  return value;
}
