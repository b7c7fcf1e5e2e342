import { expect, test } from '@jest/globals';
import { peopleOf } from './people-of.ts';

test('people are known by every name among their aliases, and by no opaque identity', () => {
  const user = {
    type: 'user',
    value: 'john.doe@contoso.com',
    aliases: [
      'user:john.doe@contoso.com',
      'user:contoso\\jdoe',
      'user:jdoe@prv_01KAX5Q4ZJ3M8V0T6R2N9B7C1D',
      'user:sid:S-1-5-21-1-2-3-1105',
    ],
  } as const;
  const host = { type: 'host', value: 'ws01', aliases: ['host:ws01'] } as const;
  expect(
    peopleOf([
      { ...user, aliases: [...user.aliases] },
      { ...host, aliases: [...host.aliases] },
    ]),
  ).toEqual(['john.doe@contoso.com', 'contoso\\jdoe', 'jdoe']);
});
