import tls from 'node:tls';

/** Trusts a local server's own authority for the rest of this process, as NODE_EXTRA_CA_CERTS does from its start. */
export function trustAuthority(pem: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), pem]);
}
