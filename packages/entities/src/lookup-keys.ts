import { EntityType } from '@socmate/contracts';
import { readGuid, readSid } from './account-identity.ts';
import { rankAliases } from './entity.ts';
import { isWeakKey, strongKey, weakKey } from './keys.ts';
import { describePath, describeRegistryPath, normaliseRegistryPath } from './machine-kinds.ts';
import { describeAccountName, describeHostName, describeSid } from './names.ts';
import { refang } from './text/refang.ts';
import {
  describeDomain,
  describeEmail,
  describeHash,
  describeIp,
  describeUrl,
  normaliseEmail,
} from './values.ts';

const TEXT_MAX = 4_096;

/**
 * The keys under which an entity that somebody names may be found, best first: the text may be defanged,
 * in any case, an alias of any kind, or a key. Empty where it can be none.
 */
export function lookupKeys(text: string, workspace: string): string[] {
  const given = text.slice(0, TEXT_MAX).trim();
  const bare = refang(given)
    .text.trim()
    .replace(/^(["'<])([^"'<>]*)["'>]$/, '$2')
    .trim();
  if (bare === '') return [];
  const typed = [given, bare].flatMap((key) => keyItself(key, workspace));
  const keys = [...typed, ...exactKeys(bare, workspace), ...nameKeys(bare, workspace)];
  return [...new Set(keys)].sort((a, b) => Number(isWeakKey(a)) - Number(isWeakKey(b)));
}

function keyItself(text: string, workspace: string): string[] {
  const type = EntityType.safeParse(text.slice(0, Math.max(0, text.indexOf(':'))).toLowerCase());
  if (!type.success) return [];
  const name = text.slice(type.data.length + 1);
  const lower = name.toLowerCase();
  return [`${type.data}:${name}`, `${type.data}:${lower}`, weakKey(type.data, lower, workspace)];
}

function exactKeys(text: string, workspace: string): string[] {
  const email = normaliseEmail(text);
  // Of what goes by one address, whoever has it says more than the address itself.
  const holders = email === undefined ? [] : [strongKey('user', email), strongKey('mailbox', email)];
  const described = [
    describeIp(text.replace(/%.*$/, ''), workspace),
    text.includes('://') || /^[^\s/@\\]+\.[^\s/@\\]+\//.test(text) ? describeUrl(text, workspace) : undefined,
    describeEmail(text),
    /^[\da-f]{32,128}$/i.test(text) ? describeHash(text) : undefined,
    readSid(text) === undefined ? undefined : describeSid(text, workspace),
    /^hk(?:ey_|lm|cu|cr|u|cc)/i.test(text) && text.includes('\\') ? describeRegistryPath(text) : undefined,
    isPath(text) ? describePath(text, workspace) : undefined,
  ];
  return [
    ...holders,
    ...described.flatMap((each) => rankAliases(each?.identifiers ?? [])),
    ...identifierKeys(text),
    ...(/[@\\]/.test(text) ? [] : [strongKey('malware', text.toLowerCase())]),
  ];
}

const isPath = (text: string): boolean => /^(?:[a-z]:[\\/]|\\\\|~?\/|%[a-z]+%)/i.test(text);

/** What only machines know others by: GUIDs, device ids, resources of Azure, values of the registry. */
function identifierKeys(text: string): string[] {
  const lower = text.toLowerCase();
  const guid = readGuid(text);
  const named = [
    'user:entra',
    'user:object',
    'host:entra',
    'host:agent',
    'mailbox:id',
    'cloud_application:id',
  ];
  const groups = ['security_group:object', 'mail_message:id'];
  return [
    ...(guid === undefined ? [] : [...named, ...groups].map((prefix) => `${prefix}:${guid}`)),
    ...(/^[\da-f]{40}$/.test(lower) ? [strongKey('host', `mde:${lower}`)] : []),
    ...(lower.startsWith('/subscriptions/')
      ? [strongKey('azure_resource', lower), strongKey('host', `azure:${lower}`)]
      : []),
    ...(lower.startsWith('hk') && lower.includes('\\')
      ? [strongKey('registry_value', normaliseRegistryPath(text))]
      : []),
  ];
}

function nameKeys(text: string, workspace: string): string[] {
  if (/[/:]/.test(text) || text.length > 256) return [];
  const lower = text.toLowerCase();
  const described = [
    describeDomain(text),
    describeHostName(text, workspace),
    describeAccountName(text, workspace),
  ];
  const isWordy = !text.includes('@') && !text.includes('\\');
  const local = (['file', 'registry_value', 'cloud_application'] as const).map((type) =>
    weakKey(type, lower, workspace),
  );
  const keys = described.flatMap((each) => rankAliases(each?.identifiers ?? []));
  return isWordy
    ? [...keys, ...local]
    : keys.filter((key) => !key.startsWith('host:') || text.includes('\\'));
}
