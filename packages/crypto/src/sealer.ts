import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { AppError } from '@socmate/runtime';
import { decodeStrict } from './base64.ts';
import { deriveKey, type MasterKeys } from './master-keys.ts';
import { systemRandomBytes } from './random.ts';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;

/**
 * Encrypts secrets at rest. `context` names the one place where a value belongs
 * (`webhook_endpoint:whe_x:secret`): moved elsewhere, it does not open.
 */
export interface Sealer {
  seal(plain: string, context: string): string;
  open(sealed: string, context: string): string;
}

/** A sealed value reads `v1.<key id>.<iv>.<ciphertext and tag>`, in base64url. */
export function createSealer(masterKeys: MasterKeys, randomBytes = systemRandomBytes): Sealer {
  const keys = new Map(masterKeys.map((master) => [master.id, deriveKey(master, 'seal/v1')]));
  const sealing = { id: masterKeys[0].id, key: deriveKey(masterKeys[0], 'seal/v1') };
  return {
    seal: (plain, context) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, sealing.key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(boundTo(sealing.id, context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${sealing.id}.${iv.toString('base64url')}.${body.toString('base64url')}`;
    },
    open: (sealed, context) => {
      const [, id = '', iv = '', body = ''] = SEALED.exec(sealed) ?? [];
      if (id === '') throw new AppError('internal', 'a stored secret is not in the sealed format');
      const key = keys.get(id);
      if (!key) {
        const message = `a stored secret was sealed with the master key '${id}', which is not configured`;
        throw new AppError('unavailable', message);
      }
      return decrypt({ key, iv, body, aad: boundTo(id, context) });
    },
  };
}

const boundTo = (keyId: string, context: string): Buffer => Buffer.from(`v1.${keyId}.${context}`);

interface Sealed {
  readonly key: KeyObject;
  readonly iv: string;
  readonly body: string;
  readonly aad: Buffer;
}

function decrypt({ key, iv, body, aad }: Sealed): string {
  const nonce = decodeStrict(iv, 'base64url');
  const bytes = decodeStrict(body, 'base64url');
  if (!nonce || !bytes || bytes.length < TAG_BYTES) throw altered();
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(0, -TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw altered(cause);
  }
}

const altered = (cause?: unknown): AppError =>
  new AppError('internal', 'a stored secret was altered or belongs to another record', { cause });
