const HIDDEN = '/…';

/** A URL without what is secret of it: path and query may hold a token. */
export const maskUrl = ({ protocol, host }: URL): string => `${protocol}//${host}${HIDDEN}`;

/** Whether a URL is what others are shown as. */
export const isMaskedUrl = ({ pathname }: URL): boolean => pathname === encodeURI(HIDDEN);
