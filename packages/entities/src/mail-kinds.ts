import { readGuid } from './account-identity.ts';
import type { DescribeKind } from './describe-kind.ts';
import { strongKey, weakKey } from './keys.ts';
import { normaliseEmail } from './values.ts';

export const describeMailbox: DescribeKind = (properties, { workspace }) => {
  const address = properties.text('mailboxprimaryaddress', 'upn');
  const id = readGuid(properties.text('externaldirectoryobjectid', 'aadid'));
  const value = address ?? id;
  if (value === undefined) return undefined;
  const email = address === undefined ? undefined : normaliseEmail(address);
  const named =
    address !== undefined && email === undefined
      ? [weakKey('mailbox', address.toLowerCase(), workspace)]
      : [];
  const names = [email, id && `id:${id}`].filter((each) => each !== undefined);
  return {
    type: 'mailbox',
    value,
    identifiers: [...names.map((each) => strongKey('mailbox', each)), ...named],
  };
};

/** One copy of a message: its id, and whose mailbox it came to. */
export const describeMailMessage: DescribeKind = (properties, { workspace }) => {
  const recipient = properties.text('recipient')?.toLowerCase();
  const networkId = readGuid(properties.text('networkmessageid'));
  const internetId = properties.text('internetmessageid')?.toLowerCase();
  const subject = properties.text('subject');
  const value = subject ?? networkId ?? internetId ?? recipient;
  if (value === undefined) return undefined;
  const ids = [networkId && `id:${networkId}`, internetId].filter((id) => id !== undefined);
  const identifiers = ids.map((id) =>
    strongKey('mail_message', recipient === undefined ? id : `${id}|${recipient}`),
  );
  if (identifiers.length > 0) return { type: 'mail_message', value, identifiers };
  const told = [subject, properties.text('p2sender', 'sender', 'p1sender'), recipient]
    .join('|')
    .toLowerCase();
  return { type: 'mail_message', value, identifiers: [weakKey('mail_message', told, workspace)] };
};
