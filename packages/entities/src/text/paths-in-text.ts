import { normaliseRegistryPath } from '../machine-kinds.ts';
import type { Scan } from './mention.ts';

const HIVE =
  /(?<![A-Za-z\d_])(?:HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG|PERFORMANCE_DATA)|HK(?:LM|CU|CR|CC|U)):?>?(?=\\)/gi;
const WINDOWS =
  /(?<![A-Za-z\d_])(?:[A-Za-z]:(?:\\{1,2}(?=[^\\\s"'<>|?*:])|\/(?=[A-Za-z\d_.]))|\\\\[A-Za-z\d_.$-]{1,63}\\{1,2}(?=[A-Za-z\d_.$])|%[A-Za-z()\d_]{1,40}%\\{1,2}(?=[^\\\s"])|\$env:[A-Za-z]{1,40}\\(?=[^\\\s"]))/g;
const UNIX =
  /(?<![\p{L}\p{N}_./\\~%-])(?:~|\/(?:bin|boot|dev|etc|home|lib|lib64|media|mnt|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|var|Users|Library|Applications|System|Volumes))\/(?=[\p{L}\p{N}_.])/gu;
// Under no usual root, what ends like a file of a machine is one; what ends like a page may be a request's.
const FILE =
  /(?<![^\s"'`(=[])\/(?:[\w.@+-]{1,100}\/){1,12}[\w@+-][\w.@+-]{0,100}\.(?:py|sh|so|txt|exe|elf|bin|conf|cfg|log|jar|tar|gz|zip|rb|pl|c|dat|tmp|key|pem|ya?ml|json)(?![\w/])/g;
const STOP = /[\t\n\r\v\f"'`<>|*?;,\p{Cc}“”‘’]/u;
const SPACE_LOOK = 60;
const LENGTH_MAX = 600;
const LINK_WORD =
  /^(?!and settings\\)(?:and|or|to|in|from|is|was|by|with|on|for|then|via|as|at|the|using|into|has)\s/i;

/** Registry keys with a long or a short hive name. */
export function readRegistryKeys(scan: Scan): void {
  readPaths(scan, HIVE, ({ text, start, end }) => {
    const path = text.replaceAll(/\\{2,}/g, '\\').replace(/^([^\\:>]+)[:>]{1,2}/, '$1');
    if (normaliseRegistryPath(path).includes('\\')) scan.add('registry_key', path, { start, end });
  });
}

/** Paths of Windows with a drive, a share or a variable, and of Unix under a usual root. */
export function readFilePaths(scan: Scan): void {
  readPaths(scan, WINDOWS, ({ text, start, end }) => {
    const isShare = text.startsWith('\\\\');
    const single = text.replaceAll(/\\{2,}/g, '\\');
    scan.add('file_path', isShare ? `\\${single}` : single, { start, end });
  });
  for (const pattern of [UNIX, FILE]) {
    readPaths(scan, pattern, ({ text, start, end }) => scan.add('file_path', text, { start, end }));
  }
}

interface Found {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function readPaths(scan: Scan, beginning: RegExp, add: (found: Found) => void): void {
  const pattern = new RegExp(beginning);
  for (let match = pattern.exec(scan.text); match !== null; match = pattern.exec(scan.text)) {
    const start = match.index;
    const from = start + match[0].length;
    if (scan.isClaimed(start, from)) continue;
    const end = pathEnd(scan.text, start, from);
    add({ text: scan.text.slice(start, end), start, end });
    scan.claim(start, end);
    pattern.lastIndex = Math.max(end, from);
  }
}

function pathEnd(text: string, start: number, from: number): number {
  const quote = /["'`]/.exec(text[start - 1] ?? '')?.[0];
  const quoted =
    quote === undefined
      ? -1
      : text.slice(from, from + LENGTH_MAX).search(quote === '"' ? /["\n\r]/ : /['`\n\r]/);
  if (quoted >= 0 && text[from + quoted] === quote && !/[<>|*?"]/.test(text.slice(from, from + quoted))) {
    const whole = text.slice(from, from + quoted);
    // A quoted command line has arguments after its path.
    if (!/\s[-/]/.test(whole)) return from + whole.trimEnd().length;
  }
  return unquotedEnd(text, start, from);
}

function unquotedEnd(text: string, start: number, from: number): number {
  const limit = Math.min(text.length, from + LENGTH_MAX);
  const separator = text[start] === '/' || text[start] === '~' ? '/' : '\\';
  let at = from;
  while (at < limit) {
    const char = text[at] ?? '';
    if (STOP.test(char) || (char === ':' && separator === '\\')) break;
    if (char === ' ' && !(separator === '\\' && goesOn(text, at))) break;
    if ((char === ')' || char === ']' || char === '}') && !text.slice(from, at).includes(OPENERS[char] ?? ''))
      break;
    if (char === '\\' && separator === '/' && text[at + 1] !== ' ') break;
    at += char === '\\' && separator === '/' ? 2 : 1;
  }
  at = Math.min(at, limit);
  while (
    at > from &&
    /[\s.,;:!)\\]/.test(text[at - 1] ?? '') &&
    !(text[at - 1] === ')' && text.slice(from, at).includes('('))
  )
    at--;
  return at;
}

const OPENERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** After a space the path goes on, where a backslash follows before anything that ends it. */
function goesOn(text: string, space: number): boolean {
  const ahead = text.slice(space + 1, space + SPACE_LOOK);
  const end = ahead.search(/[\t\n\r"'`<>|*?;,:/=%$\\]/);
  return (
    end > 0 && ahead[end] === '\\' && !LINK_WORD.test(ahead) && ahead.slice(0, end).split(' ').length <= 3
  );
}
