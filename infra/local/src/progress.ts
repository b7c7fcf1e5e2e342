export interface Progress {
  /** What is being done now; shown at most every two seconds. */
  update(text: string): void;
  done(text: string): void;
  /** Something is missing, and the rest goes on without it. */
  warn(text: string): void;
}

export interface Console {
  line(text?: string): void;
  /** The progress of one part, by its name. */
  part(name: string): Progress;
}

const SHOW_EVERY_MS = 2_000;
const NAME_WIDTH = 10;

/** Plain lines, so that a terminal, a CI log and a file show the same. */
export function createConsole(write: (text: string) => void, now: () => number, hasColor: boolean): Console {
  const paint = (code: number, text: string) => (hasColor ? `\u001B[${code}m${text}\u001B[0m` : text);
  const line = (text = '') => write(`${text}\n`);
  const part = (name: string): Progress => {
    const began = now();
    let shown = -Infinity;
    let said = '';
    const show = (mark: string, text: string) => line(`${mark} ${name.padEnd(NAME_WIDTH)} ${text}`);
    const seconds = () => paint(2, `(${((now() - began) / 1_000).toFixed(1)} s)`);
    return {
      update: (text) => {
        if (now() - shown < SHOW_EVERY_MS || text === said) return;
        shown = now();
        said = text;
        show(paint(2, '·'), paint(2, text));
      },
      done: (text) => show(paint(32, '✓'), `${text} ${seconds()}`),
      warn: (text) => show(paint(33, '!'), text),
    };
  };
  return { line, part };
}

export const terminal = (output: NodeJS.WriteStream = process.stdout): Console =>
  createConsole(
    (text) => output.write(text),
    () => performance.now(),
    hasColor(output),
  );

export const hasColor = (output: NodeJS.WriteStream = process.stdout): boolean =>
  !process.env['NO_COLOR'] && (output.isTTY || Boolean(process.env['FORCE_COLOR']));
