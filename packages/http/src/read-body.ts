import { AppError } from '@socmate/runtime';
import express, { type Request, type Response } from 'express';

const LIMIT_BYTES = 1_048_576;

const parser = express.json({ limit: LIMIT_BYTES, strict: false, type: () => true });

const MAX_DEPTH = 64;

const isJson = (contentType: string): boolean =>
  /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType);

const hasBody = (req: Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const FAULTS: Record<string, () => AppError> = {
  'entity.too.large': () =>
    new AppError('too_large', `the body is larger than the limit of ${LIMIT_BYTES} bytes (1 MB)`),
  'encoding.unsupported': () =>
    new AppError('unsupported_media_type', 'the body may be encoded with gzip, deflate or br'),
  'charset.unsupported': () => new AppError('unsupported_media_type', 'the body must be in UTF-8'),
};

function bodyFault(fault: unknown): AppError {
  const type = fault instanceof Error && 'type' in fault ? String(fault.type) : '';
  return FAULTS[type]?.() ?? new AppError('malformed', 'the body is not well-formed JSON', { cause: fault });
}

function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}

/** The JSON of a request, or undefined where it sent none; the limit holds for what is unpacked, too. */
export async function readBody(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  if (!isJson(req.headers['content-type'] ?? '')) {
    throw new AppError('unsupported_media_type', 'the body must be sent as application/json');
  }
  await new Promise<void>((resolve, reject) => {
    parser(req, res, (fault?: unknown) => (fault === undefined ? resolve() : reject(bodyFault(fault))));
  });
  // What walks a value later does so by recursion, and would run out of stack.
  if (isTooDeep(req.body))
    throw new AppError('malformed', `the body is nested over ${MAX_DEPTH} levels deep`);
  return req.body;
}
