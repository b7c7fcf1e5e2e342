import { createHash } from 'node:crypto';
import type { DescribeKind } from './describe-kind.ts';
import type { Described } from './entity.ts';
import { strongKey, weakKey } from './keys.ts';

/** A file by its path, or by its name alone; what it contains is said by the hashes it is related to. */
export const describeFile: DescribeKind = (properties, { workspace }) => {
  const name = properties.text('filename', 'name');
  const directory = properties.text('directory');
  if (name === undefined) return directory === undefined ? undefined : describePath(directory, workspace);
  return describePath(joinPath(directory, name), workspace);
};

/** A path of Windows in any case, a path of Unix as it is. */
export function describePath(path: string, workspace: string): Described {
  return { type: 'file', value: path, identifiers: [weakKey('file', normalisePath(path), workspace)] };
}

/** Lower case and backslashes where it is a path of Windows. */
function normalisePath(path: string): string {
  const trimmed = path.trim().replace(/^"([^"]*)"$/, '$1');
  if (trimmed.startsWith('/') || trimmed.startsWith('~/')) return trimmed;
  return trimmed.replaceAll('/', '\\').toLowerCase();
}

function joinPath(directory: string | undefined, name: string): string {
  if (directory === undefined || /^(?:[A-Za-z]:[\\/]|\/)/.test(name)) return name;
  if (/[\\/]$/.test(directory)) return `${directory}${name}`;
  return `${directory}${directory.startsWith('/') ? '/' : '\\'}${name}`;
}

/** A process by its number and the instant it began, which no other process of the workspace shares in practice. */
export const describeProcess: DescribeKind = (properties, { workspace, related }) => {
  const pid = readPid(properties.text('processid'));
  const began = readBegin(properties.text('creationtimeutc'));
  const command = properties.text('commandline');
  const image = related('imagefile')?.text('filename', 'name');
  const value = command ?? image ?? (pid === undefined ? undefined : `process ${pid}`);
  if (value === undefined) return undefined;
  const host = related('host')?.text('hostname', 'netbiosname', 'fqdn')?.toLowerCase();
  const told = [command ?? image ?? '', began === undefined ? (host ?? '') : ''].join('\n');
  const start = began === undefined ? shortHash(told) : normaliseTime(began);
  return { type: 'process', value, identifiers: [weakKey('process', `${pid ?? '?'}/${start}`, workspace)] };
};

// The first instant of the first year stands for none.
const readBegin = (text: string | undefined) => (text?.startsWith('0001-') ? undefined : text);

// Numbers come as decimal and as hexadecimal.
function readPid(text: string | undefined): string | undefined {
  if (text === undefined || !/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  return String(Number(text));
}

const normaliseTime = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(?:z|\+00:00)$/, '')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

const HIVES: Readonly<Record<string, string>> = {
  hklm: 'hkey_local_machine',
  hkcu: 'hkey_current_user',
  hkcr: 'hkey_classes_root',
  hku: 'hkey_users',
  hkcc: 'hkey_current_config',
  hkpd: 'hkey_performance_data',
};

/** A registry path with its hive's long name, in lower case and with single backslashes. */
export function normaliseRegistryPath(path: string): string {
  const segments = path
    .trim()
    .toLowerCase()
    .split(/[\\/]+/)
    .filter((segment) => segment !== '');
  const hive = (segments[0] ?? '').replace(/:$/, '');
  return [HIVES[hive] ?? hive, ...segments.slice(1)].join('\\');
}

export function describeRegistryPath(path: string): Described {
  return {
    type: 'registry_key',
    value: path,
    identifiers: [strongKey('registry_key', normaliseRegistryPath(path))],
  };
}

export const describeRegistryKey: DescribeKind = (properties) => {
  const [hive, key] = [properties.text('hive'), properties.text('key')];
  if (key === undefined) return undefined;
  return describeRegistryPath(hive === undefined ? key : `${hive}\\${key}`);
};

export const describeRegistryValue: DescribeKind = (properties, { workspace, related }) => {
  const name = properties.text('valuename', 'name');
  if (name === undefined) return undefined;
  const key = related('key');
  const path = key && describeRegistryKey(key, { workspace, related: () => undefined });
  const whole =
    path && strongKey('registry_value', `${normaliseRegistryPath(path.value)}\\${name.toLowerCase()}`);
  const data = properties.text('valuedata', 'value');
  const told = data === undefined ? name.toLowerCase() : `${name.toLowerCase()}=${shortHash(data)}`;
  const identifiers = [...(whole ? [whole] : []), weakKey('registry_value', told, workspace)];
  return { type: 'registry_value', value: name, identifiers };
};
