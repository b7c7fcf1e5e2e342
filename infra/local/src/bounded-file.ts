import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 10 * 2 ** 20;

/** A log of lines that keeps at most two files of ten megabytes: this one and `.1`. */
export function createBoundedFile(path: string, maxBytes = MAX_BYTES): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true });
  let file = openSync(path, 'a', 0o600);
  let written = fstatSync(file).size;
  const begin = () => {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, 'a', 0o600);
    written = 0;
  };
  return (line) => {
    const text = `${line}\n`;
    try {
      if (written > 0 && written + text.length > maxBytes) begin();
      written += writeSync(file, text);
    } catch {
      // A log that cannot be written, on a full disk for example, must not stop what it tells about.
    }
  };
}
