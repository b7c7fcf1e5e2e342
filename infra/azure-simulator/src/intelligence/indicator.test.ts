import { expect, test } from '@jest/globals';
import { parseIndicator } from './indicator.ts';

test.each([
  ['45.155.205.20', 'ip', '45.155.205.20'],
  ['2A03:2880:F10C:0083:0000:0000:FACE:B00C', 'ip', '2a03:2880:f10c:83::face:b00c'],
  ['Docs-Share-Center.COM.', 'domain', 'docs-share-center.com'],
  ['xn--mcrosoft-tkf.com', 'domain', 'xn--mcrosoft-tkf.com'],
  ['HTTPS://Docs-Share-Center.com/s/4kQ8zT1', 'url', 'https://docs-share-center.com/s/4kQ8zT1'],
  ['https://shop.contoso.com', 'url', 'https://shop.contoso.com/'],
  ['D41D8CD98F00B204E9800998ECF8427E', 'hash', 'd41d8cd98f00b204e9800998ecf8427e'],
])('%s is a %s and is written in one form', (text, kind, value) => {
  expect(parseIndicator(text)).toEqual({ kind, value });
});

test.each(['', 'wks-fin-014', 'megan.bowen@contoso.com', '1.2.3', 'https://', 'd41d8cd9', 'contoso..com'])(
  '%j is no indicator',
  (text) => expect(parseIndicator(text)).toBeUndefined(),
);
