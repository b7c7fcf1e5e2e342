import {
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  RestError,
} from '@azure/core-rest-pipeline';
import { z } from 'zod';
import { type Attempted, garbled } from './azure-faults.ts';
import type { Credential } from './credential.ts';
import { harden } from './pipeline-policies.ts';

const MAX_PAGES = 1_000;

/** Reads lists of the resource manager for one application. */
export interface ArmReader {
  /** The pages of a list, one by one; its links are followed within the resource manager only, and each once. */
  pages<T extends { nextLink?: string | null | undefined }>(
    list: ArmList<T>,
    attempted: Attempted,
  ): AsyncGenerator<T>;
}

interface ArmList<T> {
  /** Below the resource manager, with its api-version. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
}

const ArmRefusal = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.object({ error: z.object({ code: z.string() }) }))
  .catch({ error: { code: '' } });

export interface ArmReaderDeps {
  readonly resourceManagerUrl: string;
  readonly credential: Credential;
  readonly signal: AbortSignal;
}

type Get = (url: string) => Promise<unknown>;

function createGet({ resourceManagerUrl, credential, signal }: ArmReaderDeps): Get {
  const pipeline = createPipelineFromOptions({});
  harden(pipeline, resourceManagerUrl, credential);
  const http = createDefaultHttpClient();
  return async (url) => {
    const request = createPipelineRequest({
      url: new URL(url, resourceManagerUrl).href,
      abortSignal: signal,
    });
    const response = await pipeline.sendRequest(http, request);
    if (response.status !== 200) {
      const code = ArmRefusal.safeParse(response.bodyAsText).data?.error.code;
      const about = { statusCode: response.status, request, response, ...(code !== undefined && { code }) };
      throw new RestError(`status ${response.status}`, about);
    }
    return readJson(response.bodyAsText ?? '');
  };
}

/** Undefined for what is no JSON, which fits no schema. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* pages<T extends { nextLink?: string | null | undefined }>(
  get: Get,
  { path, schema }: ArmList<T>,
  attempted: Attempted,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let url: string | null | undefined = path; url; ) {
    if (seen.has(url) || seen.size >= MAX_PAGES) throw garbled(attempted);
    seen.add(url);
    const parsed = schema.safeParse(await get(url));
    if (!parsed.success) throw garbled(attempted, parsed.error);
    yield parsed.data;
    url = parsed.data.nextLink;
  }
}

/** Opens no connection until the first page is asked for. */
export function createArmReader(deps: ArmReaderDeps): ArmReader {
  const get = createGet(deps);
  return { pages: (list, attempted) => pages(get, list, attempted) };
}
