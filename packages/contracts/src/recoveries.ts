import { z } from 'zod';

const time = z.iso.datetime();

export const RecoveryMode = z.enum(['since', 'dead', 'missed']).meta({
  id: 'RecoveryMode',
  description:
    '`since`: everything since a time; `dead`: every dead letter; `missed`: what the endpoint never got because it was disabled or new.',
});
export type RecoveryMode = z.output<typeof RecoveryMode>;

export const RecoveryStatus = z.enum(['running', 'completed', 'cancelled']).meta({
  id: 'RecoveryStatus',
  description: '`cancelled`: the endpoint was deleted.',
});
export type RecoveryStatus = z.output<typeof RecoveryStatus>;

const WAYS = 'is one of {"since": "2026-11-22T08:00:00Z"}, {"status": "dead"}, {"missed": true}';

export const RecoveryCreate = z
  .union(
    [
      z.strictObject({
        since: z.iso
          .datetime({ offset: true })
          .meta({ description: 'What it got is sent again, and what it did not get and matches.' }),
      }),
      z.strictObject({ status: z.literal('dead') }),
      z.strictObject({ missed: z.literal(true) }),
    ],
    { error: WAYS },
  )
  .meta({ id: 'RecoveryCreate' });
export type RecoveryCreate = z.output<typeof RecoveryCreate>;

export const Recovery = z
  .object({
    id: z.string().meta({ example: 'rec_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    endpoint_id: z.string(),
    mode: RecoveryMode,
    since: time.nullable(),
    status: RecoveryStatus,
    total: z.int().meta({
      description:
        'How many deliveries it comes to; until it ends, at most so many, filters not yet applied.',
    }),
    done: z.int().meta({ description: 'How many of them were put on their way.' }),
    pending: z
      .int()
      .meta({ description: 'How many of these are still to be delivered, counted up to 10,000.' }),
    created_at: time,
    completed_at: time.nullable().meta({ description: 'When the last one was put on its way.' }),
  })
  .meta({ id: 'Recovery' });
export type Recovery = z.output<typeof Recovery>;
