import { createHash } from 'node:crypto';

/** The same GUID for the same parts, always: what is replayed keeps its names. */
export function guid(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join('\0')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An etag as Sentinel writes it, quotes included. */
export const etag = (...parts: readonly (string | number)[]): string => {
  const id = guid('etag', ...parts);
  return `"${id.slice(0, 8)}-0000-0d00-0000-${id.slice(24, 32)}0000"`;
};
