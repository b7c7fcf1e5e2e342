import { randomBytes } from 'node:crypto';

/** Where randomness comes from; tests pass their own. */
export type RandomBytes = (size: number) => Buffer;

export const systemRandomBytes: RandomBytes = (size) => randomBytes(size);
