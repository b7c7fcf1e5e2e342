import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Authority {
  readonly caFile: string;
  readonly caPem: string;
  readonly key: string;
  readonly cert: string;
}

const VALID_YEARS = 10;
export const LOOPBACK = '127.0.0.1';
const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

function validity(now: Date): { notBeforeDate: Date; notAfterDate: Date } {
  const notBeforeDate = new Date(now.getTime() - 86_400_000);
  const notAfterDate = new Date(now);
  notAfterDate.setFullYear(now.getFullYear() + VALID_YEARS);
  return { notBeforeDate, notAfterDate };
}

/** The authority and the certificate it signed for loopback and the host; kept between starts of the same host. */
export async function openAuthority(dataDir: string, host: string, now: Date): Promise<Authority> {
  const folder = join(dataDir, 'tls');
  const file = (name: string): string => join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Written last, so that an interrupted first start is simply done again.
  if (!isIssuedFor(file('server.pem'), host)) await issue(file, host, now);
  return {
    caFile: file('ca.pem'),
    caPem: readFileSync(file('ca.pem'), 'utf8'),
    key: readFileSync(file('server.key'), 'utf8'),
    cert: readFileSync(file('server.pem'), 'utf8'),
  };
}

function isIssuedFor(certificate: string, host: string): boolean {
  if (!existsSync(certificate)) return false;
  return host === LOOPBACK || new X509Certificate(readFileSync(certificate)).checkHost(host) !== undefined;
}

async function issue(file: (name: string) => string, host: string, now: Date): Promise<void> {
  const ca = await generate([{ name: 'commonName', value: 'Azure simulator CA' }], {
    ...EC,
    ...validity(now),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...EC,
    ...validity(now),
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
          ...(host === LOOPBACK ? [] : [{ type: 2 as const, value: host }]),
        ],
      },
    ],
  });
  writeFileSync(file('ca.key'), ca.private, { mode: 0o600 });
  writeFileSync(file('ca.pem'), ca.cert, { mode: 0o644 });
  writeFileSync(file('server.key'), server.private, { mode: 0o600 });
  writeFileSync(file('server.pem'), server.cert, { mode: 0o644 });
}
