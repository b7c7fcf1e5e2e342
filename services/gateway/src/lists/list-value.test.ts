import { expect, test } from '@jest/globals';
import { listKeys, listValue } from './list-value.ts';

test.each([
  ['45[.]155[.]205[.]20', undefined, '45.155.205.20', 'ip:45.155.205.20'],
  ['10.0.0.5', undefined, '10.0.0.5', 'ip:10.0.0.5'],
  ['10.0.0.0/8', undefined, '10.0.0.0/8', 'ip:10.0.0.0/8'],
  ['10.0.0.5/8', undefined, '10.0.0.0/8', 'ip:10.0.0.0/8'],
  ['::ffff:10.0.0.5/104', undefined, '10.0.0.0/8', 'ip:10.0.0.0/8'],
  ['2001:0DB8:0::/32', undefined, '2001:db8::/32', 'ip:2001:db8::/32'],
  ['Evil[.]Example.COM', undefined, 'evil.example.com', 'domain:evil.example.com'],
  ['*.contoso.com', undefined, 'contoso.com', 'domain:contoso.com'],
  ['hxxps://Evil.example.com/A', undefined, 'https://evil.example.com/A', 'url:https://evil.example.com/A'],
  [
    '44D88612FEA8A8F36DE82E1278ABB02F',
    undefined,
    '44d88612fea8a8f36de82e1278abb02f',
    'hash:44d88612fea8a8f36de82e1278abb02f',
  ],
  ['Ann@Contoso.com', 'user', 'Ann@Contoso.com', 'user:ann@contoso.com'],
  ['Ann@Contoso.com', 'email', 'ann@contoso.com', 'email:ann@contoso.com'],
  ['CONTOSO\\ann', 'user', 'CONTOSO\\ann', 'user:contoso\\ann'],
  ['WS01', 'host', 'WS01', 'host:ws01'],
  ['ws01.contoso.com', 'host', 'ws01.contoso.com', 'host:ws01.contoso.com'],
] as const)('%s as %s is kept as %s', (value, wanted, normal, key) => {
  const type = key.slice(0, key.indexOf(':'));
  expect(listValue({ value, type: wanted })).toEqual({ type, value: normal, key });
});

test.each([
  ['Ann@Contoso.com', undefined, 'type'],
  ['WS01', undefined, 'type'],
  ['setup.exe', undefined, 'type'],
  ['not an address', 'ip', 'value'],
  ['10.0.0.0/33', 'ip', 'value'],
  ['10.0.0.0/33', undefined, 'value'],
  ['2001:db8::/129', undefined, 'value'],
  ['0.0.0.0/0', 'ip', 'value'],
  ['0.0.0.0/7', undefined, 'value'],
  ['::/0', 'ip', 'value'],
  ['::ffff:10.0.0.0/8', 'ip', 'value'],
  ['ws01', 'hash', 'value'],
] as const)('%s as %s is refused at its %s', (value, type, field) => {
  expect(() => listValue({ value, type })).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      issues: [expect.objectContaining({ loc: ['body', field] })],
    }),
  );
});

test('an entry is found by every notation of its value', () => {
  const key = 'ip:2001:db8::/32';
  expect(listKeys('2001:db8:0:0::/32')).toContain(key);
  expect(listKeys('CONTOSO[.]com')).toContain('domain:contoso.com');
});
