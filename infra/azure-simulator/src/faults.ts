import { z } from 'zod';
import { PROVIDER_NAMES, targetOf } from './intelligence/provider-names.ts';
import { providers } from './intelligence/providers.ts';
import { createRandom, type Random } from './random.ts';

const AZURE_TARGETS = ['incidents', 'alerts', 'entities', 'comments', 'token'] as const;
const FAULT_TARGETS = [...AZURE_TARGETS, ...PROVIDER_NAMES.map(targetOf)];
const FAULT_KINDS = [
  '429',
  '500',
  'latency',
  'drop',
  'expired',
  'endless',
  'foreign',
  'late',
  'partial',
  'garbage',
] as const;
type Target = (typeof FAULT_TARGETS)[number];
type Kind = (typeof FAULT_KINDS)[number];

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const FOREIGN_URL = 'https://elsewhere.invalid/incidents';

const listed = (values: readonly string[]): string => `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

const TargetName = z.enum(FAULT_TARGETS, {
  error: ({ input }) => `nothing here answers ${String(input)}: faults strike ${listed(FAULT_TARGETS)}`,
});
const KindName = z.enum(FAULT_KINDS, {
  error: ({ input }) => `there is no fault ${String(input)}, only ${listed(FAULT_KINDS)}`,
});

/** Kinds that only some targets can act out. */
const TARGETS_OF: Partial<Record<Kind, readonly Target[]>> = {
  endless: ['incidents', 'comments'],
  foreign: ['incidents', 'comments'],
  late: ['alerts', 'entities'],
  expired: [...AZURE_TARGETS, ...PROVIDER_NAMES.filter((name) => providers[name].credential).map(targetOf)],
};

/** Parameters that only some kinds have. */
const KINDS_OF = {
  after: ['500', 'drop', 'latency'],
  links: ['endless'],
  url: ['foreign'],
  shape: ['garbage'],
} as const satisfies Record<string, readonly Kind[]>;

const Given = z.strictObject({
  target: TargetName,
  kind: z.preprocess((value) => (typeof value === 'number' ? String(value) : value), KindName),
  /** Strikes requests of this method alone. */
  method: z.enum(METHODS).optional(),
  /** How many requests it strikes; without it, until the faults are deleted. */
  count: z.int().min(1).optional(),
  /** How long `latency` waits, or what `429` asks to wait. */
  ms: z.int().min(0).max(600_000).optional(),
  /** The share of requests it strikes. */
  rate: z.number().gt(0).max(1).default(1),
  seed: z.int().default(1),
  /** The request is done first, and its answer suffers: for `500`, `drop` and `latency`. */
  after: z.boolean().optional(),
  /** Whether an `endless` list leads to itself by the same link or by ever different ones. */
  links: z.enum(['same', 'different']).optional(),
  /** Where a `foreign` link leads. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** Whether `garbage` is no JSON at all, or JSON of another shape. */
  shape: z.enum(['text', 'json']).optional(),
});

export const Fault = Given.superRefine((fault, context) => {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  const targets = TARGETS_OF[fault.kind];
  if (targets && !targets.includes(fault.target)) {
    refuse('target', `${fault.target} cannot be ${fault.kind}, only ${listed(targets)} can`);
  }
  for (const [name, kinds] of Object.entries(KINDS_OF)) {
    const isGiven = fault[name as keyof typeof KINDS_OF] !== undefined;
    if (isGiven && !(kinds as readonly Kind[]).includes(fault.kind)) {
      refuse(name, `${fault.kind} has no ${name}: it is for ${kinds.join(', ')}`);
    }
  }
});
export type Fault = z.output<typeof Fault>;

export const foreignUrl = ({ url = FOREIGN_URL }: Fault): string => url;

interface Active {
  readonly fault: Fault;
  readonly random: Random;
  left: number;
  struck: number;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  list(): readonly (Fault & { readonly struck: number })[];
  /** The faults that strike this request, in the order they were given. */
  strike(target: string, method: string): readonly Fault[];
}

/** One incident or comment that is asked for by its name is among them too. */
const SINGULAR: Partial<Record<Target, string>> = { incidents: 'incident', comments: 'comment' };

const isStruck = (fault: Fault, target: string, method: string): boolean =>
  (fault.target === target || SINGULAR[fault.target] === target) &&
  (fault.method === undefined || fault.method === method);

export function createFaults(): Faults {
  let active: Active[] = [];
  return {
    add: (fault) => {
      const random = createRandom('fault', fault.seed);
      active.push({ fault, random, left: fault.count ?? Infinity, struck: 0 });
    },
    clear: () => {
      active = [];
    },
    list: () => active.map(({ fault, struck }) => ({ ...fault, struck })),
    strike: (target, method) => {
      const striking = active.filter(
        ({ fault, random }) => isStruck(fault, target, method) && random.next() < fault.rate,
      );
      for (const entry of striking) {
        entry.left -= 1;
        entry.struck += 1;
      }
      active = active.filter(({ left }) => left > 0);
      return striking.map(({ fault }) => fault);
    },
  };
}
