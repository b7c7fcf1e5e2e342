import { createWriteStream, mkdirSync, renameSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 10 * 2 ** 20;

/** A log of lines that keeps at most two files of ten megabytes: this one and `.1`. */
export function createBoundedFile(path: string, maxBytes = MAX_BYTES): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true });
  let stream = open(path, 'a');
  let written = 0;
  return (line) => {
    const text = `${line}\n`;
    written += Buffer.byteLength(text);
    if (written > maxBytes) {
      stream.end();
      renameSync(path, `${path}.1`);
      stream = open(path, 'w');
      written = 0;
    }
    stream.write(text);
  };
}

function open(path: string, flags: string): WriteStream {
  const stream = createWriteStream(path, { flags, mode: 0o600 });
  // A log that cannot be written, on a full disk for example, must not stop what it tells about.
  stream.on('error', () => undefined);
  return stream;
}
