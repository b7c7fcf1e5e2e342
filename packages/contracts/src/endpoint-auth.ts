import { z } from 'zod';
import { headerName, headerValue } from './endpoint-headers.ts';
import { text } from './text.ts';

const secret = text(4_000);
const CREDENTIAL_NAME = /^[^:\p{Cc}]+$/u;

const NoAuth = z.strictObject({ type: z.literal('none') });
const HeaderAuth = z.strictObject({
  type: z.literal('header'),
  name: headerName().default('Authorization'),
  value: headerValue().meta({ description: 'Never shown again.' }),
});
const BasicAuth = z.strictObject({
  type: z.literal('basic'),
  username: text(500).regex(CREDENTIAL_NAME, 'holds no colon and no control character'),
  password: secret.meta({ description: 'Never shown again.' }),
});
const ClientCredentialsAuth = z.strictObject({
  type: z.literal('oauth2_client_credentials'),
  token_url: z.string().min(1).meta({ description: 'Judged like the URL of the endpoint.' }),
  client_id: text(500),
  client_secret: secret.meta({ description: 'Never shown again.' }),
  scope: text(1_000).nullable().default(null),
  audience: text(1_000).nullable().default(null),
  credentials_in: z
    .enum(['body', 'header'])
    .default('body')
    .meta({ description: 'Where the token request carries id and secret: its form, or HTTP Basic.' }),
});

/** How deliveries prove themselves to receivers that cannot check a signature. */
export const EndpointAuth = z
  .discriminatedUnion('type', [NoAuth, HeaderAuth, BasicAuth, ClientCredentialsAuth])
  .meta({
    id: 'EndpointAuth',
    description:
      'How deliveries prove themselves beside their signature. A secret that is sent back as it is shown leaves the stored one as it is.',
  });
export type EndpointAuth = z.output<typeof EndpointAuth>;
export type ClientCredentials = z.output<typeof ClientCredentialsAuth>;
