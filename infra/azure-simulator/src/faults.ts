import { z } from 'zod';
import { createRandom, type Random } from './random.ts';

const FAULT_TARGETS = ['incidents', 'alerts', 'entities', 'token'] as const;
const FAULT_KINDS = ['429', '500', 'latency', 'drop', 'expired', 'endless'] as const;

export const Fault = z
  .strictObject({
    target: z.enum(FAULT_TARGETS),
    kind: z.preprocess((value) => (typeof value === 'number' ? String(value) : value), z.enum(FAULT_KINDS)),
    /** How many requests it strikes; without it, until the faults are deleted. */
    count: z.int().min(1).optional(),
    /** How long `latency` waits, or what `429` asks to wait. */
    ms: z.int().min(0).max(600_000).optional(),
    /** The share of requests it strikes. */
    rate: z.number().gt(0).max(1).default(1),
    seed: z.int().default(1),
  })
  .refine((fault) => fault.kind !== 'endless' || fault.target === 'incidents', {
    message: 'only incidents are listed, so only they can be endless',
    path: ['target'],
  });
export type Fault = z.output<typeof Fault>;

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
  strike(target: string): readonly Fault[];
}

/** An incident asked for by its name is a request for incidents too. */
const isTarget = (fault: Fault, target: string): boolean =>
  fault.target === target || (fault.target === 'incidents' && target === 'incident');

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
    strike: (target) => {
      const striking = active.filter(
        ({ fault, random }) => isTarget(fault, target) && random.next() < fault.rate,
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
