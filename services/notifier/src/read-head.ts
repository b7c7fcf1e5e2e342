import type { Readable } from 'node:stream';

const MAX_RESPONSE_BYTES = 16 * 1_024;

/** The first 16 KiB of a response as text. What is longer is cut and its connection closed, not read on. */
export async function readHead(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_RESPONSE_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
}
