import { z } from 'zod';
import { EntityType } from './entities.ts';
import { PageQuery } from './paging.ts';
import { anyCase, text } from './text.ts';

const time = z.iso.datetime();

export const ListName = z.enum(['allow', 'watch', 'internal', 'approved']).meta({
  id: 'ListName',
  description:
    'allow: known to be harmless; watch: to be noticed wherever it appears; internal: the tenant’s own, of which nothing is asked outside; approved: known to act as attackers do, such as a scanner.',
});
export type ListName = z.output<typeof ListName>;

export const ListEntryCreate = z
  .object({
    value: text(2_048).meta({
      example: '45.155.205.20',
      description: 'Defanged forms are taken. Of type `ip` also a range; a domain stands for all below it.',
    }),
    type: anyCase(EntityType).optional().meta({
      description: 'Needed where the value does not tell: an address, a URL, a hash and a domain do.',
    }),
    note: text(1_000).nullish(),
    owner: text(256).nullish().meta({ description: 'Who answers for it.' }),
    ends_at: z.iso.datetime({ offset: true }).nullish().meta({ description: 'The entry counts until then.' }),
  })
  .meta({ id: 'ListEntryCreate' });
export type ListEntryCreate = z.output<typeof ListEntryCreate>;

export const ListEntry = z
  .object({
    id: z.string().meta({ example: 'lst_01KAX5Q4ZJ3M8V0T6R2N9B7C1D' }),
    list: ListName,
    type: EntityType,
    value: z.string(),
    key: z.string().meta({ description: 'What it is compared by, without a workspace.' }),
    note: z.string().nullable(),
    owner: z.string().nullable(),
    ends_at: time.nullable(),
    created_at: time,
    created_by: z.string(),
  })
  .meta({ id: 'ListEntry' });
export type ListEntry = z.output<typeof ListEntry>;

export const ListQuery = PageQuery.extend({
  value: text(2_048).optional().meta({ description: 'Only entries of this value, in any notation.' }),
});
