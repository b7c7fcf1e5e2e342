import { z } from 'zod';

/** Headers that are ours, or that the connection needs. */
const RESERVED =
  /^(?:webhook-.*|proxy-.*|content-(?:type|length|encoding)|transfer-encoding|te|trailer|host|user-agent|connection|keep-alive|upgrade|expect|date|traceparent|tracestate|baggage)$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
const VALUE = /^[\t\x20-\x7e]*$/;
const MAX_HEADERS = 20;
const SENSITIVE = /auth|key|token|secret|passw|cookie|credential|session|signature|sig$/i;

/** Whether a header's value is shown to nobody. */
export const isSensitiveHeader = (name: string): boolean => SENSITIVE.test(name);

export const headerValue = () =>
  z
    .string()
    .trim()
    .min(1)
    .max(4_000)
    .regex(VALUE, 'holds a character that a header cannot: ASCII without control characters is accepted');

export const headerName = () =>
  z
    .string()
    .max(100)
    .regex(NAME, 'is not the name of a header')
    .refine((name) => !RESERVED.test(name.toLowerCase()), 'is a name that the sender itself sets');

/** Sent with each delivery beside the sender's own headers. */
export const EndpointHeaders = z
  .record(
    headerName().refine((name) => name.toLowerCase() !== 'authorization', 'is set by `auth`'),
    headerValue(),
  )
  .superRefine((given, context) => {
    const names = Object.keys(given).map((name) => name.toLowerCase());
    if (names.length > MAX_HEADERS) context.addIssue(`at most ${MAX_HEADERS} headers`);
    if (new Set(names).size < names.length) context.addIssue('a header is given twice, in two cases');
  })
  .meta({
    id: 'EndpointHeaders',
    description:
      'Sent with each delivery. Values of sensitive names (`x-api-key`, …) are never shown again; one that is sent back as it is shown leaves the stored one as it is.',
    example: { 'X-Team': 'soc' },
  });
export type EndpointHeaders = z.output<typeof EndpointHeaders>;
