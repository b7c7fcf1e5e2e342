import { expect, test } from '@jest/globals';
import { checkTarget } from './check-target.ts';
import { parseTargetPolicy } from './target-policy.ts';

const strict = parseTargetPolicy({ allowHttp: false, allowedPorts: '', allowedCidrs: '' });
const withHttp = parseTargetPolicy({ allowHttp: true, allowedPorts: '', allowedCidrs: '' });
const local = parseTargetPolicy({
  allowHttp: true,
  allowedPorts: '*',
  allowedCidrs: '127.0.0.0/8,::1/128',
});
const onPremises = parseTargetPolicy({ allowHttp: false, allowedPorts: '', allowedCidrs: '10.0.0.0/8' });

const faultOf = (type: string) =>
  expect.objectContaining({
    code: 'invalid_input',
    issues: [expect.objectContaining({ loc: ['body', 'url'], type })],
  });

test.each([
  'https://hooks.example.com/services/T0/B0?sig=x%2Fy',
  'https://example.com:8443',
  'https://EXAMPLE.com/A',
  'https://8.8.8.8/hook',
  'https://bücher.example/',
  'https://a-b.example.co.uk/',
])('%s may be called', (url) => {
  expect(checkTarget(url, strict).href).toBe(new URL(url).href);
});

test.each([
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0X7F.0.0.1',
  '017700000001',
  '0177.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '0',
  '127。0。0。1',
  '１２７.0.0.1',
  '①②⑦.0.0.1',
  '%31%32%37.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '169.254.169.254',
  '0xa9fea9fe',
  'localhost',
  'LOCALHOST',
  'ⓛocalhost',
  'a.localhost',
  'intranet',
  'metadata.google.internal',
  'printer.local',
  'nas.home.arpa',
])('https://%s/ is an internal target in disguise and no more is said', (host) => {
  expect(() => checkTarget(`https://${host}/`, strict)).toThrow(faultOf('blocked_target'));
});

test.each([
  ['', 'url_invalid'],
  ['example.com', 'url_invalid'],
  ['//example.com/', 'url_invalid'],
  ['https://', 'url_invalid'],
  ['https:///path', 'url_invalid'],
  ['https:example.com', 'url_invalid'],
  ['https:/example.com', 'url_invalid'],
  ['https:\\\\example.com', 'url_invalid'],
  ['https://example.com\\@127.0.0.1/', 'url_invalid'],
  [' https://example.com/', 'url_invalid'],
  ['https://example.com/\n', 'url_invalid'],
  ['https://exam\tple.com/', 'url_invalid'],
  ['https://exam ple.com/', 'url_invalid'],
  ['https://example.com./', 'url_invalid'],
  ['https://localhost./', 'url_invalid'],
  ['https://a..example/', 'url_invalid'],
  [`https://${'a'.repeat(64)}.example/`, 'url_invalid'],
  ['https://256.1.1.1/', 'url_invalid'],
  ['https://1.2.3.4.5/', 'url_invalid'],
  ['https://[::1%25lo]/', 'url_invalid'],
  ['https://[fe80::1%1]/', 'url_invalid'],
  ['https://example.com:99999/', 'url_invalid'],
  [`https://example.com/${'a'.repeat(2_048)}`, 'url_invalid'],
  ['http://example.com/', 'url_scheme'],
  ['ftp://example.com/', 'url_scheme'],
  ['file:///etc/passwd', 'url_scheme'],
  ['javascript:alert(1)', 'url_scheme'],
  ['https://user@example.com/', 'url_userinfo'],
  ['https://user:pass@example.com/', 'url_userinfo'],
  ['https://@example.com/', 'url_userinfo'],
  ['https://example.com@127.0.0.1/', 'url_userinfo'],
  ['https://example.com:80/', 'url_port'],
  ['https://example.com:22/', 'url_port'],
  ['https://example.com:0/', 'url_port'],
  ['https://example.com/#top', 'url_fragment'],
])('%p is refused as %s', (url, type) => {
  expect(() => checkTarget(url, strict)).toThrow(faultOf(type));
});

test('a URL of 2,048 characters is accepted', () => {
  const url = `https://example.com/${'a'.repeat(2_048 - 20)}`;
  expect(checkTarget(url, strict).href).toHaveLength(2_048);
});

test('where http is allowed it adds its own ports, and https gains none', () => {
  for (const url of ['http://example.com/', 'http://example.com:8080/']) checkTarget(url, withHttp);
  for (const url of ['http://example.com:81/', 'https://example.com:80/', 'https://example.com:8080/']) {
    expect(() => checkTarget(url, withHttp)).toThrow(faultOf('url_port'));
  }
});

test('a local policy allows loopback by address and by name, and still no other internal target', () => {
  for (const host of ['127.0.0.1:4000', '[::1]:4000', 'localhost:4000', 'a.localhost', '0x7f.1']) {
    checkTarget(`http://${host}/hook`, local);
  }
  for (const host of ['10.0.0.1', '169.254.169.254', '0.0.0.0', '[fd00::1]']) {
    expect(() => checkTarget(`http://${host}/`, local)).toThrow(faultOf('blocked_target'));
  }
});

test('an operator who opened a range may use internal names; their addresses are judged when dialled', () => {
  expect(checkTarget('https://soar.internal/hook', onPremises).hostname).toBe('soar.internal');
  expect(checkTarget('https://soar/hook', onPremises).hostname).toBe('soar');
  expect(() => checkTarget('https://localhost/', onPremises)).toThrow(faultOf('blocked_target'));
});

test('the URL that is returned holds the host as it will be dialled', () => {
  expect(checkTarget('https://bücher.example/x', strict).host).toBe('xn--bcher-kva.example');
  expect(checkTarget('http://0x7f.1:9/x', local).host).toBe('127.0.0.1:9');
});
