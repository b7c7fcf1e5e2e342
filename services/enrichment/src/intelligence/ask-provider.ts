import { z } from 'zod';
import type { Limits } from './define-provider.ts';
import { type Judgement, neverHeardOf, type Provider } from './define-provider.ts';
import type { Answer, ProviderClient } from './provider-client.ts';
import { ProviderFault } from './provider-fault.ts';
import type { Subject } from './subject.ts';

/** A provider as this installation has it. */
export interface ConfiguredProvider {
  readonly provider: Provider;
  readonly baseUrl: string;
  /** Empty where it wants none. */
  readonly key: string;
  readonly limits: Limits;
  /** The simulator stands in for it. */
  readonly isSimulated: boolean;
}

export interface Question {
  readonly subject: Subject;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** One request, and what its answer means; throws a ProviderFault for anything that is no answer. */
export async function askProvider(
  client: ProviderClient,
  configured: ConfiguredProvider,
  { subject, now, signal }: Question,
): Promise<Judgement> {
  const { provider, baseUrl, key } = configured;
  const { redirectsTo = [], timeoutMs } = provider;
  const request = provider.request(subject, key);
  const answer = await client.send({ baseUrl, redirectsTo, timeoutMs }, request, signal);
  if (answer.status === 404 && provider.notFound) return unheardOf(provider.notFound, answer);
  if (answer.status === 429) throw limited(answer, now);
  if (answer.status === 401 || answer.status === 403)
    throw new ProviderFault('status', `refused the key (status ${answer.status})`);
  if (answer.status !== 200) throw new ProviderFault('status', `answered with status ${answer.status}`);
  return read(provider, answer.body, { subject, now });
}

/** Of the status alone, a proxy or a moved server would make everything unknown. */
function unheardOf(form: z.ZodType, { body }: Answer): Judgement {
  try {
    form.parse(body.trim() === '' ? undefined : JSON.parse(body));
  } catch (cause) {
    throw new ProviderFault('garbage', 'did not answer in its own form (status 404)', { cause });
  }
  return neverHeardOf('has never heard of it');
}

function read(provider: Provider, body: string, { subject, now }: Omit<Question, 'signal'>): Judgement {
  try {
    return provider.read(JSON.parse(body), subject, now);
  } catch (cause) {
    if (cause instanceof ProviderFault) throw cause;
    if (cause instanceof SyntaxError) throw new ProviderFault('garbage', 'did not answer in JSON', { cause });
    if (!(cause instanceof z.ZodError)) throw cause;
    const where = cause.issues[0]?.path.join('.') ?? '';
    throw new ProviderFault('garbage', `answered in a shape that is not its own (at "${where}")`, { cause });
  }
}

const RETRY_AFTER_DEFAULT_MS = 60_000;
const RETRY_AFTER_MAX_MS = 24 * 60 * 60_000;

function limited({ retryAfter = '' }: Answer, now: Date): ProviderFault {
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(retryAfter) ? Number(retryAfter) : Number.NaN;
  const givenMs = Number.isNaN(seconds) ? Date.parse(retryAfter) - now.getTime() : seconds * 1_000;
  const waitMs = Number.isNaN(givenMs) ? RETRY_AFTER_DEFAULT_MS : Math.max(0, givenMs);
  const retryAfterMs = Math.min(waitMs, RETRY_AFTER_MAX_MS);
  return new ProviderFault('limited', 'says that its quota is spent (status 429)', { retryAfterMs });
}
