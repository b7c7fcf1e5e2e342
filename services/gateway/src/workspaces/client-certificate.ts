import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type AppError, invalidField } from '@socmate/runtime';

/** A certificate that an application signs in with. */
export interface ClientCertificate {
  /** The certificate and its private key, and nothing else of what was given. */
  readonly pem: string;
  /** SHA-1, as Azure shows it. */
  readonly thumbprint: string;
  readonly expiresAt: string;
}

const refuse = (message: string): AppError =>
  invalidField(['body', 'client_certificate'], message, 'invalid_certificate');

function readCertificate(pem: string): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw refuse('holds no certificate in PEM form');
  try {
    return new X509Certificate(pem);
  } catch {
    throw refuse('holds a certificate that cannot be read');
  }
}

const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/;

function readKey(pem: string): KeyObject {
  const [block, label = ''] = PRIVATE_KEY.exec(pem) ?? [];
  if (block === undefined)
    throw refuse('holds no private key: give the certificate and its key, both in PEM form');
  if (label.startsWith('ENCRYPTED') || block.includes('ENCRYPTED')) {
    throw refuse('holds an encrypted private key: give it without a passphrase; it is sealed here');
  }
  try {
    return createPrivateKey(block);
  } catch {
    throw refuse('holds a private key that cannot be read');
  }
}

/** Shorter keys do not sign what Entra ID asks for. */
const MODULUS_BITS = 2_048;

/** Refuses, at its field, what Entra ID could not accept at this time. */
export function parseClientCertificate(pem: string, now: Date): ClientCertificate {
  const certificate = readCertificate(pem);
  const key = readKey(pem);
  if (certificate.publicKey.asymmetricKeyType !== 'rsa' || key.asymmetricKeyType !== 'rsa') {
    throw refuse('is not of an RSA key, which is all that Entra ID accepts');
  }
  if ((certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < MODULUS_BITS) {
    throw refuse(`is of an RSA key of fewer than ${MODULUS_BITS} bits`);
  }
  if (!certificate.checkPrivateKey(key)) throw refuse('holds a private key of another certificate');
  const expiresAt = certificate.validToDate.toISOString();
  if (certificate.validToDate <= now) throw refuse(`expired at ${expiresAt}`);
  if (certificate.validFromDate > now) {
    throw refuse(`is not valid before ${certificate.validFromDate.toISOString()}`);
  }
  return {
    pem: `${certificate.toString().trim()}\n${key.export({ type: 'pkcs8', format: 'pem' }).toString().trim()}\n`,
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    expiresAt,
  };
}
