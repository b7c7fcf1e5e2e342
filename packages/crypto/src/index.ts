export {
  createApiKey,
  hashSecret,
  type NewApiKey,
  type ParsedApiKey,
  parseApiKey,
  verifySecret,
} from './api-key.ts';
export { type CursorCodec, createCursorCodec } from './cursor.ts';
export { isMask, maskSecret } from './mask-secret.ts';
export { type MasterKeys, parseMasterKeys } from './master-keys.ts';
export type { RandomBytes } from './random.ts';
export { createSealer, type Sealer } from './sealer.ts';
export {
  createWebhookSecret,
  parseWebhookSecret,
  signWebhook,
  type WebhookToSign,
} from './webhook-signature.ts';
