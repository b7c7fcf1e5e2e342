const MASK = '****';
/** What is shorter may stand in an answer by chance. */
const MIN_LENGTH = 6;

/** Secrets in the order in which they are looked for: one may hold another. */
export const redactable = (secrets: readonly string[]): readonly string[] =>
  secrets.filter((secret) => secret.length >= MIN_LENGTH).toSorted((one, other) => other.length - one.length);

/** A text without these secrets, should a receiver have sent them back. */
export const redactText = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((left, secret) => left.replaceAll(secret, MASK), text);

export const redactHeaders = (
  headers: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redactText(value, secrets)]));

/** Headers by their names alone. */
export const maskHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, MASK]));
