const MASK = '****';
/** What is shorter may stand in an answer by chance. */
const MIN_LENGTH = 6;
/** Of a secret in which an answer breaks off. */
const MIN_PART = 4;
/** Longer ones are found as they are alone. */
const ESCAPED_MAX = 512;
/** Shorter answers were not cut. */
const CUT_FROM = 4_096;

const NAMED: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** Secrets in the order in which they are looked for: one may hold another. */
export const redactable = (secrets: readonly string[]): readonly string[] =>
  secrets.filter((secret) => secret.length >= MIN_LENGTH).toSorted((one, other) => other.length - one.length);

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

/** A character as it is, and as JSON, HTML and URLs write it. */
function formsOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const plain = escaped(character);
  const units = Array.from(character.split(''), (unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  const named = NAMED[character];
  const forms = [
    plain,
    escaped(encodeURIComponent(character.toWellFormed())),
    units.map((unit) => `\\\\u${unit}`).join(''),
    `&#0*${code};`,
    `&#x0*${code.toString(16)};`,
    ...(/["\\/]/.test(character) ? [`\\\\${plain}`] : []),
    ...(named === undefined ? [] : [`&${named};`]),
    ...(code < 0x80 ? [`%${code.toString(16).padStart(2, '0')}`] : []),
  ];
  return `(?:${[...new Set(forms)].join('|')})`;
}

const patterns = new WeakMap<readonly string[], readonly RegExp[]>();

/** The same secrets, as the same array, are made into patterns once. */
function patternsOf(secrets: readonly string[]): readonly RegExp[] {
  const made =
    patterns.get(secrets) ??
    secrets
      .filter(({ length }) => length <= ESCAPED_MAX)
      .map((secret) => new RegExp(Array.from(secret, formsOf).join(''), 'gi'));
  patterns.set(secrets, made);
  return made;
}

/** The beginning of a secret at the end of a text, plain or as JSON writes it. */
function withoutCut(text: string, secret: string): string {
  const inJson = JSON.stringify(secret).slice(1, -1);
  for (const spelling of [
    secret,
    inJson,
    inJson.replaceAll('/', '\\/'),
    encodeURIComponent(secret.toWellFormed()),
  ])
    for (let length = spelling.length - 1; length >= MIN_PART; length -= 1)
      if (text.endsWith(spelling.slice(0, length))) return text.slice(0, -length) + MASK;
  return text;
}

/** A text without these secrets, should a receiver have sent them back, escaped or cut off. */
export function redactText(text: string, secrets: readonly string[]): string {
  let left = secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  if (/[\\%&]/.test(left))
    left = patternsOf(secrets).reduce((rest, pattern) => rest.replace(pattern, MASK), left);
  return left.length >= CUT_FROM ? secrets.reduce(withoutCut, left) : left;
}

export const redactHeaders = (
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redactText(value, secrets)]));

/** Headers by their names alone. */
export const maskHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, MASK]));
