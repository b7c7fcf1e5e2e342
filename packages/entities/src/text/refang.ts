/** Text in which defanged indicators stand as they were, and where each character came from. */
export interface Refanged {
  readonly text: string;
  /** The place in the given text of a place in `text`. */
  readonly originOf: (index: number) => number;
  /** Whether something between the two places of `text` was defanged. */
  readonly wasDefanged: (start: number, end: number) => boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const OPEN = String.raw`[\[({<]`;
const CLOSE = String.raw`[\])}>]`;

// Every repetition has a bound, so that a place is looked at a bounded number of times.
const SCHEME = new RegExp(
  String.raw`(?<![a-z\d])(?:[\[(](h(?:tt|xx|tx|xt|\*\*|__)ps?|s?f[tx]ps?)[\])]|(h(?:\[(?:tt|xx)\]|tt|xx|tx|xt|\*\*|__)p|meow|s?f[tx]p|wxs|txp)([\[(]?s[\])]?)?)( {0,2})` +
    `(${OPEN}?:${CLOSE}?${OPEN}?[\\\\/]${CLOSE}?${OPEN}?[\\\\/]?${CLOSE}?|:__)( {0,2})(?=[\\w\\[({%\\P{ASCII}])`,
  'giu',
);
const SIGN = new RegExp(
  `([ \\t]{0,2})${OPEN}{1,2} ?(\\.|,|dot|d0t|at|@|://|:|/) ?${CLOSE}{1,2}([ \\t]{0,2})|` +
    String.raw`(?<=[a-z\d])(?:[\[(]\.|\.[\])])(?=[a-z\d])|(?<=[a-z\d])\.[\[(](?=[a-z]{2,24}[\])])|\[www\]\.(?=[a-z\d])`,
  'gi',
);
const SIGNS: Readonly<Record<string, string>> = { ',': '.', dot: '.', d0t: '.', at: '@' };
const ESCAPED_DOT = /\\\./g;
// Line ends of JSON in JSON; a lone one only before what cannot be the rest of a folder's name.
const ESCAPED_LINE = /\\r\\n|\\n(?=\d{1,3}[.[(]|h(?:tt|xx)ps?[:[(])/gi;
const WORD = /\S+/g;

/** Undoes every usual way of defanging: `hxxp`, `[.]`, `(dot)`, `[@]`, `[:]//`, `\.`, whole, half or mixed. */
export function refang(given: string): Refanged {
  const edits = [...schemeEdits(given), ...signEdits(given), ...escapeEdits(given)];
  edits.sort((a, b) => a.start - b.start || b.end - a.end);
  return apply(given, edits);
}

function* schemeEdits(given: string): Iterable<Edit> {
  for (const match of given.matchAll(SCHEME)) {
    const [whole, bracketed, bare, secure = '', , , after] = match;
    const isPlain = /^(?:https?|s?ftps?)$/i.test(`${bracketed ?? bare}${secure}`);
    const scheme = plainScheme(`${bracketed ?? bare}${secure.replace(/[^s]/gi, '')}`);
    if (isPlain && whole.endsWith('://') && bracketed === undefined) continue;
    const end = match.index + whole.length - (isPlain ? (after?.length ?? 0) : 0);
    yield { start: match.index, end, text: `${scheme}://` };
    if (match[5]?.includes('\\')) yield* slashEdits(given, end);
  }
}

// Who turns the slashes of the scheme turns those of the path.
function* slashEdits(given: string, from: number): Iterable<Edit> {
  const rest = /^[^\s"'<>]{0,300}/.exec(given.slice(from, from + 300))?.[0] ?? '';
  for (const { index } of rest.matchAll(/\\(?!\.)/g)) {
    yield { start: from + index, end: from + index + 1, text: '/' };
  }
}

function plainScheme(scheme: string): string {
  const lower = scheme.toLowerCase().replace(/[[\]]/g, '');
  if (lower.startsWith('h')) return lower.replace(/^h.{2}p/, 'http');
  if (lower.startsWith('meow')) return lower.replace('meow', 'http');
  return lower.replace('x', 't');
}

function* signEdits(given: string): Iterable<Edit> {
  for (const match of given.matchAll(SIGN)) {
    const [whole, before = '', sign, after = ''] = match;
    const start = match.index;
    const end = start + whole.length;
    if (sign === undefined) {
      yield { start, end, text: /www/i.test(whole) ? 'www.' : '.' };
      continue;
    }
    // Brackets around a sign that touches no word are punctuation.
    if (!isWordBefore(given, start) || (sign !== '/' && !isWordAfter(given, end) && !isSlash(given[end])))
      continue;
    const isSpaced = before !== '' && after === '' && !/^(?:dot|d0t|at|\.|@)$/i.test(sign);
    if (!isSpaced) yield { start, end, text: SIGNS[sign.toLowerCase()] ?? sign };
  }
}

const isWordBefore = (given: string, at: number): boolean =>
  /[\p{L}\p{N}_)\]}/:-]/u.test(given[at - 1] ?? ' ');
const isWordAfter = (given: string, at: number): boolean => /[\p{L}\p{N}_[({-]/u.test(given[at] ?? ' ');
const isSlash = (char: string | undefined): boolean => char === '/' || char === '\\';

// In a path of Windows a dot after a backslash begins a name.
function* escapeEdits(given: string): Iterable<Edit> {
  for (const { 0: found, index } of given.matchAll(ESCAPED_LINE)) {
    yield { start: index, end: index + found.length, text: '\n' };
  }
  if (!given.includes('\\.')) return;
  for (const { 0: word, index } of given.matchAll(WORD)) {
    if (!word.includes('\\.') || word.replaceAll('\\.', '').includes('\\')) continue;
    for (const escape of word.matchAll(ESCAPED_DOT)) {
      const start = index + escape.index;
      yield { start, end: start + 2, text: '.' };
    }
  }
}

function apply(given: string, edits: readonly Edit[]): Refanged {
  const parts: string[] = [];
  const starts: number[] = [];
  const shifts: number[] = [];
  let [at, length] = [0, 0];
  for (const { start, end, text } of edits) {
    if (start < at) continue;
    parts.push(given.slice(at, start), text);
    length += start - at;
    starts.push(length);
    length += text.length;
    shifts.push(end - length);
    at = end;
  }
  parts.push(given.slice(at));
  const before = (index: number) => countUpTo(starts, index);
  return {
    text: parts.join(''),
    originOf: (index) => index + (shifts[before(index - 1) - 1] ?? 0),
    wasDefanged: (start, end) => before(end - 1) > before(start - 1),
  };
}

function countUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An indicator so that nobody follows it by mistake; `refang` undoes it. */
export function defang(indicator: string): string {
  const inert = indicator.replace(/^(h)tt(ps?:\/\/)/i, '$1xx$2').replace(/^(s?f)t(ps?:\/\/)/i, '$1x$2');
  return inert.replace('://', '[:]//').replaceAll('.', '[.]').replaceAll('@', '[@]');
}
