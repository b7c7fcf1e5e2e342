import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@socmate/runtime';
import { generate } from 'selfsigned';
import type { Application } from './tenant.ts';

const DAY_MS = 86_400_000;
const VALID_DAYS = 365;

/** A certificate with its private key, in PEM, as an application signs in with one. */
export async function issueClientCertificate(
  name: string,
  now: Date,
  validDays = VALID_DAYS,
): Promise<string> {
  const notBeforeDate = new Date(Math.min(now.getTime(), now.getTime() + validDays * DAY_MS) - DAY_MS);
  const notAfterDate = new Date(now.getTime() + validDays * DAY_MS);
  const subject = [{ name: 'commonName', value: name }];
  const made = await generate(subject, { keyType: 'rsa', algorithm: 'sha256', notBeforeDate, notAfterDate });
  return `${made.cert.trim()}\n${made.private.trim()}\n`;
}

export interface ClientCertificates {
  /** The PEM that an application signs in with; made when it is first asked for, and registered from then on. */
  of(application: Application): Promise<string>;
  registered(application: Application): X509Certificate | undefined;
}

export function openClientCertificates(dataDir: string, clock: Clock): ClientCertificates {
  const folder = join(dataDir, 'certificates');
  const fileOf = ({ name }: Application): string => join(folder, `${name}.pem`);
  return {
    of: async (application) => {
      const file = fileOf(application);
      if (!existsSync(file)) {
        const pem = await issueClientCertificate(application.name, clock.now());
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(`${file}.new`, pem, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      }
      return readFileSync(file, 'utf8');
    },
    registered: (application) => {
      const file = fileOf(application);
      return existsSync(file) ? new X509Certificate(readFileSync(file)) : undefined;
    },
  };
}
