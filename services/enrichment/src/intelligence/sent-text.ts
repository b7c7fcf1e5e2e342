import type { Asked } from './provider-server.ts';

/** Everything that a provider could read in what it was sent, decoded as far as it can be, in lower case. */
export function sentText(asked: readonly Asked[]): string {
  const texts = asked.flatMap(({ path, body, headers }) => [path, body, JSON.stringify(headers)]);
  const parts = new Set(texts.flatMap((text) => [text, ...text.split(/[/?&=":,\s]+/)]));
  const decoded = [...parts].flatMap((part) => [
    part,
    unescaped(part),
    Buffer.from(part, 'base64url').toString('utf8'),
  ]);
  return decoded.join('\n').toLowerCase();
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
