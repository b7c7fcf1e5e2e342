import { z } from 'zod';
import { parseDuration } from '../times.ts';
import { parseIndicator } from './indicator.ts';
import { PROVIDER_NAMES, type ProviderName } from './provider-names.ts';
import { providers } from './providers.ts';
import type { Answer } from './simulated-provider.ts';

const Json = z.record(z.string(), z.unknown());

/** A scenario's intelligence: for each indicator, what each provider says of it. */
export const Intelligence = z.record(z.string(), z.record(z.string(), Json)).superRefine((given, context) => {
  const refuse = (path: PropertyKey[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  for (const [text, answers] of Object.entries(given)) {
    const indicator = parseIndicator(text);
    if (!indicator) refuse([text], 'neither an address nor a domain, a URL or a hash');
    for (const [name, answer] of Object.entries(answers)) {
      const provider = isProvider(name) ? providers[name] : undefined;
      if (!provider) refuse([text, name], `no such provider, only ${PROVIDER_NAMES.join(', ')}`);
      else if (indicator && !provider.kinds.includes(indicator.kind))
        refuse([text, name], `${name} knows nothing of a ${indicator.kind}`);
      for (const { path, message } of provider?.answer.safeParse(answer).error?.issues ?? [])
        refuse([text, name, ...path], message);
    }
  }
});
export type Intelligence = z.output<typeof Intelligence>;

const isProvider = (name: string): name is ProviderName => Object.hasOwn(providers, name);

/** What the providers know. */
export interface KnownIntelligence {
  /** Undefined where the provider has never heard of it. */
  answerOf(provider: ProviderName, indicator: string): Answer | undefined;
}

/** Where scenarios say different things of one indicator, the last one is believed; times lie relative to `at`. */
export function createKnownIntelligence(given: Iterable<Intelligence>, at: Date): KnownIntelligence {
  const known = new Map<string, Answer>();
  for (const intelligence of given) {
    for (const [text, answers] of Object.entries(intelligence)) {
      const value = parseIndicator(text)?.value ?? text;
      for (const [name, answer] of Object.entries(answers)) known.set(`${name} ${value}`, answer);
    }
  }
  return {
    answerOf: (provider, indicator) => {
      const answer = known.get(`${provider} ${indicator}`);
      return (
        answer && (withTimes(answer, (ms) => providers[provider].time(new Date(at.getTime() + ms))) as Answer)
      );
    },
  };
}

function withTimes(value: unknown, write: (offsetMs: number) => string | number): unknown {
  if (typeof value === 'string') {
    const offsetMs = parseDuration(value);
    return offsetMs === undefined ? value : write(offsetMs);
  }
  if (Array.isArray(value)) return value.map((item) => withTimes(item, write));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTimes(item, write)]));
}
