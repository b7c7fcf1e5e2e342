const MIN_LENGTH = 12;

/** `****` and the last four characters; of a short secret, none. */
export const maskSecret = (text: string): string => `****${text.length < MIN_LENGTH ? '' : text.slice(-4)}`;

/** Whether a text is what a secret is shown as, and not one. */
export const isMask = (text: string): boolean => /^\*{4}.{0,4}$/su.test(text);
