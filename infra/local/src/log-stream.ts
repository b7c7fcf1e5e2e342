import { join } from 'node:path';
import { prettyFactory } from 'pino-pretty';
import { createBoundedFile } from './bounded-file.ts';
import { hasColor } from './progress.ts';

export interface LogStream {
  /** Where the lines of a part go: to its file, and, of a service, to the terminal once it is opened. */
  fileOnly(name: string): (line: string) => void;
  service(name: string): (line: string) => void;
  /** Shows what was held back, and from then on each line as it comes. */
  open(): void;
}

const HELD_LINES = 1_000;

export function createLogStream(folder: string, write: (text: string) => void): LogStream {
  const format = createFormat(hasColor());
  const held: string[] = [];
  let isOpen = false;
  const show = (text: string) => {
    if (isOpen) write(text);
    else if (held.push(text) > HELD_LINES) held.shift();
  };
  const fileOnly = (name: string) => createBoundedFile(join(folder, `${name}.log`));
  return {
    fileOnly,
    service: (name) => {
      const keep = fileOnly(name);
      return (line) => {
        keep(line);
        show(format(name, line));
      };
    },
    open: () => {
      isOpen = true;
      for (const text of held.splice(0)) write(text);
    },
  };
}

const NAME_WIDTH = 14;

/** One JSON line of a service as a person reads it; what is no JSON stays as it is, under the service's name. */
export function createFormat(colorize: boolean): (name: string, line: string) => string {
  const pretty = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,service,trace_flags',
    singleLine: true,
  });
  return (name, line) => `${name.padEnd(NAME_WIDTH)} ${pretty(line)?.trimEnd() ?? line}\n`;
}
