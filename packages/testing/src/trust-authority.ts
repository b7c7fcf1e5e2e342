import tls from 'node:tls';

/** Trusts this local server's authority, and no other, for the rest of the process: tests talk to nobody else. */
export const trustAuthority = (pem: string): void => tls.setDefaultCACertificates([pem]);
