const MIN_LENGTH = 12;

/** `****` and the last four characters; of a short secret, none. */
export const maskSecret = (text: string): string => `****${text.length < MIN_LENGTH ? '' : text.slice(-4)}`;
