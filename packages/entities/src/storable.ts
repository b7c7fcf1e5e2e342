const DEPTH_MAX = 32;

/** Text that Postgres stores and every encoder accepts: without NUL and without half a surrogate pair. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** The same of a whole value, less what is nested too deeply to be of use. */
export function storableValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((each) => storableValue(each, depth + 1));
  const entries = Object.entries(value).map(([name, each]) => [
    storableText(name),
    storableValue(each, depth + 1),
  ]);
  return Object.fromEntries(entries) as unknown;
}
