import { expect, test } from '@jest/globals';
import { redactable, redactText } from './redact.ts';

const SECRET = `ab/cd+EF"\\12&34<5>'é`;
const json = JSON.stringify(SECRET).slice(1, -1);

test.each([
  ['as it is', SECRET],
  ['in JSON', json],
  ['in JSON of PHP', json.replaceAll('/', '\\/').replace('é', '\\u00E9')],
  ['in a URL', encodeURIComponent(SECRET)],
  [
    'in a URL, all of it',
    [...Buffer.from(SECRET)]
      .map((byte) => `%${byte.toString(16)}`)
      .join('')
      .toUpperCase(),
  ],
  [
    'in HTML',
    SECRET.replaceAll('&', '&amp;')
      .replace('<', '&lt;')
      .replace('>', '&gt;')
      .replace('"', '&quot;')
      .replace("'", '&#039;'),
  ],
  ['in HTML by numbers', Array.from(SECRET, (each) => `&#x${each.codePointAt(0)?.toString(16)};`).join('')],
])('a secret that was sent back %s is masked', (_, sent) => {
  expect(redactText(`{"a": "${sent}", "b": "50 %"}`, redactable([SECRET]))).toBe(
    '{"a": "****", "b": "50 %"}',
  );
});

test.each([SECRET, json, encodeURIComponent(SECRET)])('what is left of %s at a cut end is masked', (sent) => {
  const text = 'x'.repeat(5_000);
  expect(redactText(text + sent.slice(0, -3), redactable([SECRET]))).toBe(`${text}****`);
  expect(redactText(text + sent.slice(0, 4), redactable([SECRET]))).toBe(`${text}****`);
});

test('what is no secret stays, and a long text takes no time', () => {
  const text = `${'%&\\'.repeat(5_400)}.`;
  expect(redactText(text, redactable([SECRET, '%&\\%&\\%&!', 'y'.repeat(4_000)]))).toBe(text);
});
