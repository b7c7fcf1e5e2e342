import { expect, test } from '@jest/globals';
import { parseTargetPolicy } from './target-policy.ts';

const parse = (more: { allowHttp?: boolean; allowedPorts?: string; allowedCidrs?: string }) =>
  parseTargetPolicy({ allowHttp: false, allowedPorts: '', allowedCidrs: '', ...more });

test('nothing set is the strict policy', () => {
  expect(parse({})).toEqual({ allowHttp: false, allowedPorts: [443, 8443], allowedCidrs: [] });
});

test('ports, the star and ranges are read, blanks do not matter', () => {
  expect(parse({ allowedPorts: ' 443 , 9443,' }).allowedPorts).toEqual([443, 9443]);
  expect(parse({ allowedPorts: '*' }).allowedPorts).toBe('*');
  expect(parse({ allowedCidrs: ' 127.0.0.0/8 , ::1/128,10.1.2.3, fd00::1 ' }).allowedCidrs).toEqual([
    '127.0.0.0/8',
    '::1/128',
    '10.1.2.3/32',
    'fd00::1/128',
  ]);
});

test.each([
  [{ allowedPorts: '443,x' }, "WEBHOOK_ALLOWED_PORTS holds 'x', which is neither a port nor '*'"],
  [{ allowedPorts: '0' }, "holds '0'"],
  [{ allowedPorts: '65536' }, "holds '65536'"],
  [{ allowedPorts: '-1' }, "holds '-1'"],
  [{ allowedCidrs: '10.0.0.0/33' }, 'is not a range of addresses'],
  [{ allowedCidrs: '::/129' }, 'is not a range of addresses'],
  [{ allowedCidrs: '10.0.0/8' }, 'is not a range of addresses'],
  [{ allowedCidrs: '0x0a.0.0.0/8' }, 'is not a range of addresses'],
  [{ allowedCidrs: 'intranet' }, 'is not a range of addresses'],
  [{ allowedCidrs: 'fe80::%eth0/10' }, 'is not a range of addresses'],
  [{ allowedCidrs: '::ffff:10.0.0.0/104' }, 'must be written as the IPv4 range that it maps'],
])('%p is refused with its reason', (given, reason) => {
  expect(() => parse(given)).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(reason) }),
  );
});

test('every fault is told at once', () => {
  expect(() => parse({ allowedPorts: 'x,y', allowedCidrs: 'z' })).toThrow(/'x'.*'y'.*'z\/128'/);
});
