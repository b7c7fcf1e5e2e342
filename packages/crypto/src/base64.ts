type Encoding = 'base64' | 'base64url';

/** Decodes the one canonical spelling of some bytes; Node's own decoder takes almost anything. */
export function decodeStrict(text: string, encoding: Encoding): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}
