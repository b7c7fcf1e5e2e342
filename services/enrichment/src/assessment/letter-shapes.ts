import { domainToUnicode } from 'node:url';

// Letters that a hurried reader takes for Latin ones, chosen by hand from Cyrillic, Greek and Armenian, and digits.
const LOOKS_LIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['аα', 'a'],
    ['в', 'b'],
    ['сϲ', 'c'],
    ['ԁ', 'd'],
    ['еє3', 'e'],
    ['ɡց', 'g'],
    ['һհ', 'h'],
    ['іιı', 'i'],
    ['јϳ', 'j'],
    ['кκ', 'k'],
    ['ӏ1', 'l'],
    ['м', 'm'],
    ['ոп', 'n'],
    ['оοօ0', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['ѕ5', 's'],
    ['тτ7', 't'],
    ['ս', 'u'],
    ['ѵν', 'v'],
    ['ԝω', 'w'],
    ['хχ', 'x'],
    ['уγ', 'y'],
    ['ł', 'l'],
    ['ø', 'o'],
    ['đ', 'd'],
  ].flatMap(([letters = '', latin = '']) => Array.from(letters, (letter) => [letter, latin])),
);

const NAME_MAX = 253;

/** A name as it looks: what looks alike has the same skeleton. */
export function skeletonOf(text: string): string {
  const plain = text.slice(0, NAME_MAX).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const latin = Array.from(plain, (letter) => LOOKS_LIKE[letter] ?? letter).join('');
  return latin.replaceAll('rn', 'm').replaceAll('vv', 'w');
}

/** A word has Latin letters and those of another script that has look-alikes. */
export const mixesScripts = (word: string): boolean =>
  /\p{Script=Latin}/u.test(word) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u.test(word);

/** A label as people see it; punycode that is none stays. */
export function unicodeOf(label: string): string {
  const shown = label.includes('xn--') ? domainToUnicode(label) : label;
  return shown === '' ? label : shown;
}
