/** A URL without what is secret of it: path and query may hold a token. */
export const maskUrl = ({ protocol, host }: URL): string => `${protocol}//${host}/…`;
