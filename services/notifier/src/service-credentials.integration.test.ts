import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { EndpointAuth } from '@socmate/contracts';
import { createGuardedAgent, targetPolicy } from '@socmate/egress';
import { type Answering, type Received, type Receiver, startReceiver } from '@socmate/testing';
import { createAuthorize } from './authorize.ts';
import { type NotifierFixture, openNotifierFixture } from './notifier-fixture.ts';

let fixture: NotifierFixture;
let receiver: Receiver;

beforeAll(async () => {
  fixture = await openNotifierFixture();
});
afterAll(() => fixture.close());
beforeEach(() => receive());
afterEach(async () => {
  await fixture.reset();
  await receiver.close();
});

const receive = async (answer?: (request: Received, index: number) => Answering): Promise<void> => {
  await receiver?.close();
  receiver = await startReceiver(answer);
};
const subscribe = (given: object = {}): Promise<string> =>
  fixture.subscribe({ url: `${receiver.url}/hook`, ...given });
const hooks = (): Received[] => receiver.requests.filter(({ path }) => path.startsWith('/hook'));
const tokenRequests = (): Received[] => receiver.requests.filter(({ path }) => path.startsWith('/token'));

const clientCredentials = (only: object = {}) => ({
  type: 'oauth2_client_credentials',
  token_url: `${receiver.url}/token?tenant=t1`,
  client_id: 'client 1',
  client_secret: 'oauth-s3cret+&',
  scope: 'alerts.write',
  ...only,
});
const token = (name: string, expiresIn: unknown = 3_600): Answering => ({
  status: 200,
  body: JSON.stringify({ access_token: name, token_type: 'Bearer', expires_in: expiresIn }),
});

test('headers of an endpoint are sent beside ours, and the attempt keeps their names alone', async () => {
  const headers = { 'X-Api-Key': 'header-s3cret', 'X-Team': 'blue-team' };
  await fixture.start();
  const deliveryId = await fixture.deliver(await subscribe({ headers }));
  expect(hooks()[0]?.headers).toMatchObject({
    'x-api-key': 'header-s3cret',
    'x-team': 'blue-team',
    'user-agent': 'SoCMate-Webhooks/1',
    'content-type': 'application/json',
  });
  expect((await fixture.attemptsOf(deliveryId))[0]?.['request_headers']).toMatchObject({
    'x-api-key': '****',
    'x-team': '****',
    'webhook-id': expect.stringMatching(/^evt_/),
  });
});

test.each([
  [{ type: 'header', name: 'Authorization', value: 'Splunk abc' }, 'authorization', 'Splunk abc'],
  [{ type: 'header', name: 'X-Token', value: 'abc' }, 'x-token', 'abc'],
  [{ type: 'basic', username: 'ü', password: 'p:w' }, 'authorization', 'Basic w7w6cDp3'],
])('%j is sent as the receiver asks for it', async (auth, name, value) => {
  await fixture.start();
  const deliveryId = await fixture.deliver(await subscribe({ auth }));
  expect(hooks()[0]?.headers[name]).toBe(value);
  expect(JSON.stringify(await fixture.attemptsOf(deliveryId))).not.toContain(value);
});

test('what proves who sends replaces a header of the same name', async () => {
  await fixture.start();
  const auth = { type: 'header', name: 'x-token', value: 'by-auth' };
  await fixture.deliver(await subscribe({ auth, headers: { 'X-Token': 'by-header' } }));
  expect(hooks()[0]?.headers['x-token']).toBe('by-auth');
});

test('a receiver that sends back what it was sent leaves no secret in the attempt', async () => {
  await receive((request) =>
    request.path.startsWith('/token')
      ? token('access-t0ken-value')
      : {
          status: 200,
          headers: { 'x-echo': String(request.headers['x-api-key']) },
          body: `Cannot POST ${request.path.split('?')[0]}: ${JSON.stringify([request, request.path.split('=')[1]])}`,
        },
  );
  await fixture.start();
  const headers = { 'X-Api-Key': 'header-s3cret' };
  const basic = { type: 'basic', username: 'user', password: 'basic-s3cret' };
  for (const auth of [basic, clientCredentials(), { type: 'header', name: 'X-T', value: 'auth-s3cret' }]) {
    const url = `${receiver.url}/hook/T000-s3cret?sig=url%2Fs3cret`;
    const [attempt] = await fixture.attemptsOf(
      await fixture.deliver(await subscribe({ url, headers, auth })),
    );
    const kept = JSON.stringify(attempt);
    expect(kept).toContain('webhook-id');
    expect(kept).toContain('Cannot POST ****: ');
    for (const secret of ['s3cret', 't0ken', Buffer.from('user:basic-s3cret').toString('base64')])
      expect(kept).not.toContain(secret);
  }
});

test('one access token serves many deliveries', async () => {
  await receive((request) => (request.path.startsWith('/token') ? token('tok-1') : { status: 204 }));
  const endpointId = await subscribe({ auth: clientCredentials({ audience: 'soar' }) });
  const published = await Promise.all(Array.from({ length: 30 }, () => fixture.publish(endpointId)));
  await fixture.start();
  for (const { deliveryId } of published) await fixture.ended(deliveryId);
  expect(hooks().every(({ headers }) => headers.authorization === 'Bearer tok-1')).toBe(true);
  expect(tokenRequests()).toHaveLength(1);
  const [asked] = tokenRequests();
  expect(asked?.path).toBe('/token?tenant=t1');
  expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
    grant_type: 'client_credentials',
    client_id: 'client 1',
    client_secret: 'oauth-s3cret+&',
    scope: 'alerts.write',
    audience: 'soar',
  });
});

test('a client that proves itself by header sends no secret in the form', async () => {
  await receive((request) => (request.path.startsWith('/token') ? token('tok-1') : { status: 204 }));
  await fixture.start();
  await fixture.deliver(await subscribe({ auth: clientCredentials({ credentials_in: 'header' }) }));
  const [asked] = tokenRequests();
  const basic = Buffer.from('client+1:oauth-s3cret%2B%26').toString('base64');
  expect(asked?.headers.authorization).toBe(`Basic ${basic}`);
  expect(asked?.body).toBe('grant_type=client_credentials&scope=alerts.write');
});

test('a token that is refused or that has ended is replaced', async () => {
  let tokens = 0;
  await receive((request) => {
    if (request.path.startsWith('/token')) return token(`tok-${(tokens += 1)}`, tokens === 2 ? 0.01 : 3_600);
    return { status: request.headers.authorization === 'Bearer tok-1' ? 401 : 204 };
  });
  const endpointId = await subscribe({ auth: clientCredentials() });
  await fixture.start();
  const deliveryId = await fixture.deliver(endpointId);
  expect((await fixture.attemptsOf(deliveryId)).map((attempt) => attempt['status_code'])).toEqual([401, 204]);
  await fixture.deliver(endpointId);
  expect(hooks().map(({ headers }) => headers.authorization)).toEqual([
    'Bearer tok-1',
    'Bearer tok-2',
    'Bearer tok-3',
  ]);
});

test('a late refusal of an older token leaves the newer one', async () => {
  let tokens = 0;
  await receive(() => token(`tok-${(tokens += 1)}`));
  const policy = targetPolicy({
    WEBHOOK_ALLOW_HTTP: true,
    WEBHOOK_ALLOWED_PORTS: '*',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.1',
  });
  const agent = createGuardedAgent(policy, { connectTimeoutMs: 2_000 });
  const auth = EndpointAuth.parse(clientCredentials());
  const authorize = createAuthorize(auth, { agent, policy, timeoutMs: 2_000, now: Date.now });
  const ask = () => authorize.headers(AbortSignal.timeout(5_000));
  const older = await ask();
  authorize.refused(older);
  const newer = await ask();
  authorize.refused(older);
  expect(await ask()).toBe(newer);
  expect(newer).toEqual({ authorization: 'Bearer tok-2' });
  await agent.destroy();
});

test.each<[Answering, string, string | null]>([
  [{ status: 400, body: 'oauth-s3cret+&' }, 'http_error', 'the token endpoint answered 400'],
  [{ status: 302, headers: { location: '/token2' } }, 'http_error', 'the token endpoint answered 302'],
  [{ status: 200, body: '{}' }, 'http_error', 'the token endpoint answered no access token'],
  [
    { status: 200, body: '{"access_token":"a\\nb"}' },
    'http_error',
    'the token endpoint answered no access token',
  ],
  ['reset', 'connection_error', null],
  ['hang', 'timeout', null],
])(
  'a token endpoint that answers %j fails the attempt, which is tried again',
  async (answer, outcome, body) => {
    let asked = 0;
    await receive((request) => {
      if (!request.path.startsWith('/token')) return { status: 204 };
      asked += 1;
      return asked === 1 ? answer : token('tok');
    });
    await fixture.start();
    const deliveryId = await fixture.deliver(
      await subscribe({ auth: clientCredentials(), columns: { timeout_ms: 1_000 } }),
    );
    const [first] = await fixture.attemptsOf(deliveryId);
    expect(first).toMatchObject({ outcome, status_code: null, response_body: body });
    expect(JSON.stringify(first)).not.toContain('s3cret');
  },
);
